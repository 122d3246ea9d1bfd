/** A form's findings in one line, with the worst of them; unfolded, all of them. Pressing one leads to its row. */

import { byWeight, type Finding, remark, sentence } from '../../../lib/checks';
import { m } from './text';

const MOST_SHOWN = 6;
const ICONS = { error: 'fa-exclamation-circle', warning: 'fa-exclamation-triangle', note: 'fa-info-circle' } as const;
const TONES = { error: 'twinflow-error', warning: 'twinflow-warn', note: 'twinflow-note' } as const;

/** The problem without its place: for use at the row itself. */
export const remarkText = (finding: Finding): string => remark(finding, m);

/**
 * Fills the container, which remembers whether it is unfolded, and whether all are shown. Empty if there are no findings.
 * @param onOpen leads to the row of a finding
 */
export function showFindings(container: JQuery, findings: Finding[], onOpen: (finding: Finding) => void): void {
  const all = container.data('all') === true;
  // keeps the keyboard focus in the list
  const focused = container.find('summary, button').index(document.activeElement ?? undefined);
  container.empty().toggleClass('twinflow-findings', findings.length > 0);
  if (findings.length === 0) return;
  const sorted = byWeight(findings);
  const shown = all ? sorted : sorted.slice(0, MOST_SHOWN);
  const worst = sorted[0];
  const summary = $('<summary>').append(
    $('<i aria-hidden="true">').addClass(`fa ${ICONS[worst?.level ?? 'note']}`),
    $('<span class="twinflow-findings-head">').text(m('checks.title', { count: String(findings.length) })),
    $('<span class="twinflow-findings-worst" aria-hidden="true">').text(worst ? sentence(worst, m) : ''),
  );
  const fold = $('<details>')
    .addClass(TONES[worst?.level ?? 'note'])
    .prop('open', container.data('open') === true)
    .append(summary)
    .on('toggle', () => {
      container.data('open', fold.prop('open') === true);
    })
    .appendTo(container);
  const list = $('<ul>').appendTo(fold);
  for (const finding of shown) {
    const { level } = finding;
    const icon = $('<i aria-hidden="true">').addClass(`fa ${ICONS[level]}`);
    const text = sentence(finding, m);
    const item = $('<li>').addClass(TONES[level]).append(icon, ' ').appendTo(list);
    if (finding.row === undefined) item.append(document.createTextNode(text));
    else {
      $('<button type="button" class="twinflow-link">')
        .text(text)
        .attr('title', m('checks.row'))
        .on('click', () => onOpen(finding))
        .appendTo(item);
    }
  }
  if (sorted.length > shown.length) {
    $('<button type="button" class="twinflow-link">')
      .text(m('checks.all', { count: String(sorted.length - shown.length) }))
      .on('click', () => {
        container.data('all', true);
        showFindings(container, findings, onOpen);
      })
      .appendTo(fold);
  }
  if (focused >= 0) container.find('summary, button').eq(focused).trigger('focus');
}
