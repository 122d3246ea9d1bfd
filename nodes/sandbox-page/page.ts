/** The sandbox's page in the browser: the selected tracker, list and item, kept up to date. */

import { Detail } from './detail';
import { element, fill, notice, page } from './document';
import { hashOf, type Place, placeOf } from './place';
import { ask, type EntityAnswer, type FormField, type Row, type SpaceInfo } from './server';
import { shownTime } from './text';

const REFRESH_MS = 2000;
const PAGE = 50;

let place: Place | undefined;
let info: SpaceInfo | undefined;
let detail: Detail | undefined;
let limit = PAGE;

const nothing = (text: string) => page.detail.replaceChildren(element('p', { className: 'quiet', textContent: text }));

async function showSpaces(): Promise<void> {
  const { spaces } = await ask<{ spaces: { name: string; label: string }[] }>('spaces', {});
  const links = spaces.map(({ name, label }) => {
    const link = element('a', { href: hashOf({ space: name }) }, name, ' ', element('small', { textContent: label }));
    if (name === place?.space) link.setAttribute('aria-current', 'true');
    return link;
  });
  replaceIfNew(page.spaces, links);
  const [only] = spaces;
  if (!place && only) location.replace(hashOf({ space: only.name }));
  if (!only)
    nothing('There is no sandbox yet. Deploy a system of the kind “Sandbox”: it is created when it is first used.');
}

/** Replaces children that differ, so that a refresh neither flickers nor moves the focus. */
function replaceIfNew(parent: HTMLElement, children: HTMLElement[]): void {
  const same =
    parent.children.length === children.length && children.every((one, at) => parent.children[at]?.isEqualNode(one));
  if (same) return;
  const focused = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.hash : '';
  const within = parent.contains(document.activeElement);
  parent.replaceChildren(...children);
  if (within && focused) [...parent.querySelectorAll('a')].find((link) => link.hash === focused)?.focus();
}

async function showList(): Promise<void> {
  if (!place || !info) return;
  const { space, id } = place;
  const query = {
    space,
    search: page.search.value,
    type: page.type.value,
    project: page.project.value,
    limit: String(limit),
  };
  const { total, entities } = await ask<{ total: number; entities: Row[] }>('entities', query);
  if (place?.space !== space) return;
  const types = new Map(info.types.map((type) => [type.id, type.name]));
  const items = entities.map((row) => {
    const link = element('a', { href: hashOf({ space, id: row.id }) });
    if (row.id === id) link.setAttribute('aria-current', 'true');
    const title = element('span', { className: 'title', title: row.title });
    title.append(element('span', { className: 'key', textContent: row.key }), ` ${row.title}`);
    const meta = element('span', { className: 'meta' });
    meta.append(
      element('span', { textContent: types.get(row.type) ?? row.type }),
      element('span', { textContent: `${row.updatedBy ?? ''} · ${shownTime(row.updatedAt)}` }),
    );
    link.append(title, meta);
    return element('li', {}, link);
  });
  replaceIfNew(page.list, items);
  page.more.hidden = entities.length >= total;
  const count = total === entities.length ? `${total} found` : `${entities.length} of ${total}`;
  if (page.count.textContent !== count) page.count.textContent = count;
}

async function showEntity(): Promise<void> {
  if (!place || !info) return;
  const { space, id, draft } = place;
  if (draft) {
    if (detail) return;
    const { fields } = await ask<{ fields: FormField[] }>('fields', { space, ...draft });
    detail = new Detail(info, place, refresh);
    detail.draft(fields);
  } else if (id === undefined) nothing('Choose an item on the left, or create one.');
  else {
    const asked = place;
    const answer = await ask<EntityAnswer>('entity', { space, id });
    if (place !== asked) return;
    detail ??= new Detail(info, place, refresh);
    detail.show(answer);
  }
}

let running: Promise<void> | undefined;

/** Updates everything; at most one update at a time. */
async function refresh(): Promise<void> {
  await running;
  running = (async () => {
    try {
      await showSpaces();
      await showList();
      await showEntity();
      notice('');
    } catch (thrown) {
      notice(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      running = undefined;
    }
  })();
  await running;
}

let leaving = false;

async function go(): Promise<void> {
  const next = placeOf(location.hash);
  if (leaving) {
    leaving = false;
    return;
  }
  if (detail?.touched && place && !window.confirm('Discard what you have typed?')) {
    leaving = true;
    location.hash = hashOf(place);
    return;
  }
  const other = next?.space !== place?.space;
  place = next;
  detail = undefined;
  if (other) {
    info = undefined;
    limit = PAGE;
  }
  try {
    if (place && !info) {
      info = await ask<SpaceInfo>('space', { space: place.space });
      fill(page.person, info.people);
      if (other && !page.person.value) page.person.selectedIndex = 0;
      fill(page.type, info.types, 'All types');
      fill(page.project, info.projects, 'All projects');
      fill(page.newProject, info.projects);
      fill(page.newType, info.types);
    }
  } catch (thrown) {
    nothing('');
    await refresh();
    notice(thrown instanceof Error ? thrown.message : String(thrown));
    return;
  }
  document.title = place ? `${place.space} · Twinflow sandbox` : 'Twinflow sandbox';
  await refresh();
}

window.addEventListener('hashchange', () => void go());
window.addEventListener('beforeunload', (event) => {
  if (detail?.touched) event.preventDefault();
});
for (const input of [page.search, page.type, page.project]) {
  input.addEventListener('input', () => {
    limit = PAGE;
    void refresh();
  });
}
page.more.addEventListener('click', () => {
  limit += PAGE;
  void refresh();
});
page.create.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!place) return;
  const draft = { project: page.newProject.value, type: page.newType.value };
  location.hash = hashOf({ space: place.space, draft });
});
page.list.addEventListener('keydown', (event) => {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const links = [...page.list.querySelectorAll('a')];
  const at = links.findIndex((link) => link.matches(':focus'));
  links[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
  event.preventDefault();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
setInterval(() => {
  if (!document.hidden && !running) void refresh();
}, REFRESH_MS);
void go();
