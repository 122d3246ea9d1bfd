/**
 * The monitor page in the browser: a view for each part of the address behind `#`, kept up to date by the server's
 * events while somebody looks.
 */

import { byId } from '../shared/page/element';
import { Fault, stream } from './ask';
import { followLook } from './look';
import { language, say } from './texts';
import { element } from './ui';
import type { PageContext, View } from './view';
import { ActivityView } from './views/activity';
import { BackupView } from './views/backup';
import { ExplainView } from './views/explain';
import { FailuresView } from './views/failures';
import { LinksView } from './views/links';
import { OverviewView } from './views/overview';

/** Asked without an event now and then: times pass, and a proxy may keep events back. */
const EVERY_MS = 15_000;
const AGAIN_MS = 3_000;

const parts = {
  views: byId('views', HTMLElement),
  live: byId('live', HTMLElement),
  editor: byId('editor', HTMLAnchorElement),
  notice: byId('notice', HTMLElement),
  said: byId('said', HTMLElement),
  main: byId('main', HTMLElement),
};

/** The error is of a question that is asked again by itself; those of what people do stay until they do something else. */
let isOfRefresh = false;

function tell(thrown: unknown): void {
  const text = thrown === undefined ? '' : thrown instanceof Error ? thrown.message : String(thrown);
  if (parts.notice.textContent !== text) parts.notice.textContent = text;
  parts.notice.hidden = text === '';
}

const page: PageContext = {
  said(text) {
    parts.said.textContent = text;
    if (text !== '') page.failed(undefined);
  },
  failed(thrown) {
    isOfRefresh = false;
    tell(thrown);
  },
  refresh: () => void refresh(),
};

const VIEWS: Record<string, (context: PageContext) => View> = {
  overview: () => new OverviewView(),
  failures: (context) => new FailuresView(context),
  activity: (context) => new ActivityView(context),
  links: (context) => new LinksView(context),
  explain: (context) => new ExplainView(context),
  backup: (context) => new BackupView(context),
};

const made = new Map<string, View>();
const links = new Map<string, HTMLAnchorElement>();
let asking: Promise<void> | undefined;
let again = false;

function place(): { name: string; query: URLSearchParams } {
  const [name = '', query = ''] = location.hash.slice(1).split('?');
  return { name: Object.hasOwn(VIEWS, name) ? name : 'overview', query: new URLSearchParams(query) };
}

function show(): void {
  const { name } = place();
  let view = made.get(name);
  const make = VIEWS[name];
  if (!view && make) {
    view = make(page);
    made.set(name, view);
  }
  for (const [other, link] of links) {
    if (other === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${say(`view.${name}`)} – Twinflow`;
  if (view) parts.main.replaceChildren(view.element);
  void refresh();
}

/** One question at a time; what changes meanwhile is asked for afterwards. */
async function refresh(): Promise<void> {
  if (asking) {
    again = true;
    return asking;
  }
  if (document.hidden) return;
  const { name, query } = place();
  asking = (made.get(name)?.refresh(query) ?? Promise.resolve()).then(
    () => {
      if (isOfRefresh) page.failed(undefined);
    },
    (thrown: unknown) => {
      tell(thrown);
      isOfRefresh = true;
    },
  );
  await asking;
  asking = undefined;
  if (!again) return;
  again = false;
  await refresh();
}

let streaming: AbortController | undefined;

/** Listens to the server's events while the page is visible. */
async function listen(): Promise<void> {
  if (streaming || document.hidden) return;
  const ending = new AbortController();
  streaming = ending;
  let wait = AGAIN_MS;
  try {
    const response = await stream(ending.signal);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    parts.live.textContent = say('live');
    for (;;) {
      const read = await reader?.read();
      if (!read || read.done) break;
      if (read.value.includes('event: changed')) void refresh();
    }
    // it came to its end, as at a deploy: what was shown may be out of date
    void refresh();
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.status !== 0) wait = EVERY_MS;
  }
  parts.live.textContent = '';
  if (streaming === ending) streaming = undefined;
  if (!ending.signal.aborted) setTimeout(() => void listen(), wait);
}

function start(): void {
  document.documentElement.lang = language().slice(0, 2);
  parts.views.setAttribute('aria-label', say('views'));
  parts.editor.textContent = say('editor');
  for (const name of Object.keys(VIEWS)) {
    const link = element('a', { href: `#${name}` }, say(`view.${name}`));
    links.set(name, link);
    parts.views.append(link);
  }
  followLook();
  addEventListener('hashchange', () => {
    page.said('');
    page.failed(undefined);
    show();
    parts.main.focus();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      streaming?.abort();
      streaming = undefined;
      return;
    }
    void refresh();
    void listen();
  });
  setInterval(() => void refresh(), EVERY_MS);
  show();
  void listen();
}

start();
