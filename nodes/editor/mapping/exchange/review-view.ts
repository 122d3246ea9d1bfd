/**
 * Shows what importing a mapping would do before anything is done: errors in the file, how its fields and values match
 * the systems, and which rows would be added, changed or removed. Names are data and are only shown as text.
 */

import { type Mode, PARTS, type Problem, type ReadResult } from '../../../../lib/mapping/exchange';
import { say } from '../../index';
import { labelledSelect } from '../rows';
import type { MappingScope } from '../scope';
import { m } from '../text';
import type { Adapted } from './adapting';
import type { PartForm, PartReview } from './parts';

export interface ReviewOptions {
  scope: MappingScope;
  /** the parts of the form */
  forms: PartForm[];
  /** the name of the mapping: of a file or a node */
  name: string;
  onApply: (reviews: PartReview[], summary: string) => void;
  onCancel: () => void;
}

const MOST_SHOWN = 40;

const line = (
  box: JQuery,
  tone: 'plain' | 'good' | 'warning' | 'bad',
  sentence: string,
  points: string[] = [],
): void => {
  const shown = points.slice(0, MOST_SHOWN);
  if (points.length > shown.length) shown.push(m('exchange.more', { count: points.length - shown.length }));
  say($('<div class="twinflow-fit">').appendTo(box), tone, sentence, shown);
};

/** `Field mapper, row 7: There is no field "Prio"` */
export function problemText({ sheet, row, code, value }: Problem): string {
  const text = m(`exchange.problem.${code}`, { value });
  if (sheet === '') return text;
  return row === 0 ? `${sheet}: ${text}` : `${m('exchange.at', { sheet, row })}: ${text}`;
}

/** A file that cannot be imported, with all its errors. */
export function showProblems(box: JQuery, name: string, { problems }: ReadResult, onClose: () => void): void {
  box.empty();
  line(box, 'bad', m('exchange.unusable', { name }), problems.map(problemText));
  buttons(box, [[m('exchange.close'), 'fa-times', onClose]]);
}

function buttons(box: JQuery, list: [string, string, () => void][]): void {
  const bar = $('<div class="twinflow-bar">').appendTo(box);
  for (const [label, icon, onPress] of list)
    $('<button type="button" class="red-ui-button">')
      .append($('<i aria-hidden="true">').addClass(`fa ${icon}`), ' ', $('<span>').text(label))
      .on('click', onPress)
      .appendTo(bar);
}

/** How the mapping's fields and values were found in the systems of this form. */
function showFit(box: JQuery, scope: MappingScope, adapted: Adapted): void {
  const { matches, unknownValues, stale, missingSheets, unchecked } = adapted;
  const named = (side: 1 | 2, text: string): string => `${scope.systemName(side)}: ${text}`;
  for (const { side, why } of unchecked)
    line(box, 'warning', m('exchange.unchecked', { system: scope.systemLabel(side), why }));
  const moved = matches.filter(({ by, now, field }) => by === 'name' && now?.id !== field.id);
  if (moved.length > 0)
    line(
      box,
      'good',
      m('exchange.byName', { count: moved.length }),
      moved.map(({ side, field }) => named(side, field.name)),
    );
  const renamed = matches.filter(({ by }) => by === 'id');
  if (renamed.length > 0)
    line(
      box,
      'warning',
      m('exchange.byId'),
      renamed.map(({ side, field, now }) => named(side, `${field.name} → ${now?.name ?? ''}`)),
    );
  const lost = matches.filter(({ now }) => now === undefined);
  if (lost.length > 0)
    line(
      box,
      'warning',
      m('exchange.notFound', { count: lost.length }),
      lost.map(({ side, field, why }) =>
        named(side, why === 'several' ? m('exchange.several', { name: field.name }) : field.name),
      ),
    );
  if (unknownValues.length > 0)
    line(
      box,
      'warning',
      m('exchange.unknownValues', { count: unknownValues.length }),
      unknownValues.map(({ side, field, value }) =>
        named(side, `${field.name}: ${value.name ?? ('email' in value ? value.email : undefined) ?? value.id ?? ''}`),
      ),
    );
  if (missingSheets.length > 0)
    line(
      box,
      'warning',
      m('exchange.sheets'),
      missingSheets.map(({ table, why }) => `${table} – ${why}`),
    );
  if (stale.length > 0)
    line(
      box,
      'warning',
      m('exchange.stale'),
      stale.map(({ one, two }) => `${one?.name ?? '—'} – ${two?.name ?? '—'}`),
    );
}

/** The whole review, with the choice between merging and replacing, and the buttons. */
export function showReview(box: JQuery, read: ReadResult, adapted: Adapted, options: ReviewOptions): void {
  const { scope, forms } = options;
  box.empty();
  $('<b>').text(options.name).appendTo(box);
  if (read.remarks.length > 0) line(box, 'warning', m('exchange.remarks'), read.remarks.map(problemText));
  showFit(box, scope, adapted);
  const others = PARTS.filter(
    (other) => forms.every(({ part }) => part !== other) && (read.document?.[other] ?? []).length > 0,
  );
  if (others.length > 0)
    line(box, 'plain', m('exchange.others', { parts: others.map((other) => m(`exchange.part.${other}`)).join(', ') }));

  let mode: Mode = 'merge';
  const choice = $('<div class="twinflow-more">').appendTo(box);
  const changes = $('<div role="status" aria-live="polite">').appendTo(box);
  const reviewed = (): PartReview[] => forms.flatMap((form) => form.review(adapted.document, mode, scope) ?? []);
  let reviews = reviewed();
  const summary = (): string => {
    const count = (key: 'added' | 'changed' | 'removed'): number => reviews.flatMap((review) => review[key]).length;
    const same = reviews.reduce((sum, review) => sum + review.same, 0);
    return m('exchange.summary', {
      ...{ added: count('added'), changed: count('changed'), removed: count('removed'), same },
    });
  };
  const draw = (): void => {
    changes.empty();
    line(changes, 'plain', summary());
    const tones = [
      ['added', 'good'],
      ['changed', 'warning'],
      ['removed', 'bad'],
    ] as const;
    for (const [key, tone] of tones) {
      const points = reviews.flatMap((review) => review[key]);
      if (points.length > 0) line(changes, tone, m(`exchange.${key}`), points);
    }
  };
  labelledSelect(
    choice,
    m('exchange.mode'),
    (['merge', 'replace'] as const).map((value) => ({ value, label: m(`exchange.${value}`) })),
    mode,
    (value) => {
      mode = value === 'replace' ? 'replace' : 'merge';
      reviews = reviewed();
      draw();
    },
  );
  draw();
  buttons(box, [
    [m('exchange.apply'), 'fa-check', () => options.onApply(reviews, summary())],
    [m('exchange.cancel'), 'fa-times', options.onCancel],
  ]);
}
