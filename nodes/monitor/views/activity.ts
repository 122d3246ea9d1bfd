/** What has happened: what landed, what was parked, what people did. */

import { type ActivityFilter, activity, activityFile, type Entry, integrations } from '../ask';
import { has, say, when } from '../texts';
import { button, chip, element, IntegrationChoice, linked, type Tone } from '../ui';
import type { PageContext, View } from '../view';

const TYPING_MS = 300;
const MOST = 1_000;
const OUTCOMES = ['created', 'updated', 'deleted', 'unchanged', 'adopted', 'skipped', 'parked', 'action'] as const;
const TONES: Record<string, Tone> = {
  created: 'good',
  updated: 'good',
  adopted: 'good',
  parked: 'bad',
  skipped: 'warn',
};

export class ActivityView implements View {
  readonly element = element('div');
  private readonly choice = new IntegrationChoice(() => this.start());
  private readonly outcome = element('select');
  private readonly search = element('input', { type: 'search', placeholder: say('activity.hint') });
  private readonly note = element('p', { className: 'quiet' });
  private readonly list = element('ol', { className: 'plain' });
  private readonly more = element('div', { className: 'bar' });
  private newest = 0;
  private next: number | undefined;
  private count = 0;
  private asked = 0;
  private isDrawn = false;
  private address = '';

  constructor(private readonly page: PageContext) {
    this.search.setAttribute('aria-label', say('activity.hint'));
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.start(), TYPING_MS);
    });
    this.outcome.append(
      element('option', { value: '' }, say('activity.anything')),
      ...OUTCOMES.map((name) => element('option', { value: name }, say(`outcome.${name}`))),
    );
    this.outcome.addEventListener('change', () => this.start());
    this.element.append(
      element('h2', {}, say('activity.title')),
      element(
        'div',
        { className: 'bar' },
        this.choice.element,
        element('label', {}, say('activity.outcome'), this.outcome),
        this.search,
        button(say('activity.export'), '', () => this.export()),
      ),
      ...[this.note, this.list, this.more],
    );
  }

  async refresh(query: URLSearchParams): Promise<void> {
    const { items } = await integrations();
    const address = query.toString();
    const isNew = address !== this.address;
    this.address = address;
    const wanted = isNew ? (query.get('integration') ?? '') : undefined;
    this.choice.update([{ id: '', name: say('activity.all') }, ...items], wanted);
    if (isNew && this.isDrawn) return this.load(true);
    if (!this.isDrawn) return this.load(true);
    const { items: entries } = await activity(this.filter());
    this.prepend(entries.filter(({ number }) => number > this.newest));
  }

  private filter(): ActivityFilter {
    return {
      integration: this.choice.value || undefined,
      outcome: this.outcome.value || undefined,
      search: this.search.value.trim() || undefined,
    };
  }

  private start(): void {
    this.load(true).catch((thrown: unknown) => this.page.failed(thrown));
  }

  private async load(fresh: boolean): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const { items, next } = await activity(this.filter(), fresh ? undefined : this.next);
    if (mine !== this.asked) return;
    this.isDrawn = true;
    this.next = next;
    if (fresh) {
      this.list.replaceChildren();
      this.count = 0;
      this.newest = 0;
    }
    this.newest = Math.max(this.newest, items[0]?.number ?? 0);
    this.count += items.length;
    this.list.append(...items.map(row));
    this.note.textContent = this.count === 0 ? say(next === undefined ? 'activity.none' : 'activity.goOn') : '';
    this.more.replaceChildren();
    if (next === undefined || this.count >= MOST) return;
    this.more.append(
      button(say('showMore'), say('view.activity'), () => {
        this.load(false).catch((thrown: unknown) => this.page.failed(thrown));
      }),
    );
  }

  /** What has happened since, at the top. */
  private prepend(entries: Entry[]): void {
    if (entries.length === 0) return;
    this.newest = entries[0]?.number ?? this.newest;
    this.count += entries.length;
    this.note.textContent = '';
    this.list.prepend(...entries.map(row));
    while (this.list.childElementCount > MOST) this.list.lastElementChild?.remove();
  }

  private export(): void {
    activityFile(this.filter()).then(
      (file) => {
        const href = URL.createObjectURL(file);
        element('a', { href, download: 'twinflow-activity.csv' }).click();
        setTimeout(() => URL.revokeObjectURL(href), 60_000);
      },
      (thrown: unknown) => this.page.failed(thrown),
    );
  }
}

function row({ at, name, outcome, source, target, written, words = [], by }: Entry): HTMLElement {
  const made = element(
    'li',
    {},
    element('span', { className: 'quiet small' }, when(at)),
    ' ',
    chip(has(`outcome.${outcome}`) ? say(`outcome.${outcome}`) : outcome, TONES[outcome] ?? 'quiet'),
    ' ',
  );
  if (source) made.append(linked(source.key, source.url));
  if (target) made.append(' → ', linked(target.key, target.url));
  made.append(element('span', { className: 'quiet small' }, ` ${name}${by === undefined ? '' : ` · ${by}`}`));
  const [first = '', ...rest] = words;
  const said = outcome === 'action' && has(`action.${first}`) ? [say(`action.${first}`), ...rest] : words;
  const lines = [...(written ? [say('activity.fields', { fields: written.join(', ') })] : []), ...said];
  for (const line of lines) made.append(element('div', { className: 'small text' }, line));
  return made;
}
