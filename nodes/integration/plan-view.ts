/** The result of a plan: first counts, then findings to check, fields, and a few items of each kind. */

import { showValue } from '../../lib/mapping/describe';
import {
  type Counts,
  type Finding,
  type GroupSurvey,
  OUTCOMES,
  type OutcomeKind,
  type PartsSurvey,
} from '../../lib/plan/survey-types';
import type { EntityPlan } from '../../lib/plan/types';
import { linked } from '../editor/linked';
import { partLabel, partWords } from '../editor/part-label';
import { criterionLine, planTable } from '../editor/preview/table';

/** Texts of the integration's catalog below `integration.plan.`; show them with `.text()`, never as HTML. */
export type Say = (key: string, variables?: Record<string, unknown>) => string;

const small = (text: string, tone = ''): JQuery =>
  $('<div class="twinflow-plan-small">')
    .addClass(tone && `twinflow-plan-${tone}`)
    .text(text);

type Cell = string | number | JQuery;

function table(heads: string[], rows: Cell[][]): JQuery {
  const head = $('<tr>').append(
    heads.map((text, column) =>
      $('<th scope="col">')
        .toggleClass('twinflow-plan-number', typeof rows[0]?.[column] === 'number')
        .text(text),
    ),
  );
  const body = rows.map((cells) =>
    $('<tr>').append(
      cells.map((cell, column) => {
        const element = $(column === 0 ? '<th scope="row">' : '<td>');
        if (typeof cell === 'number') return element.addClass('twinflow-plan-number').text(cell === 0 ? '' : cell);
        return typeof cell === 'string' ? element.text(cell) : element.append(cell);
      }),
    ),
  );
  const made = $('<table>').append($('<thead>').append(head), $('<tbody>').append(body));
  return $('<div class="twinflow-plan-scroll">').append(made);
}

/** The content is created when it is opened: there may be much of it. */
function details(summary: JQuery | string, content: () => JQuery | JQuery[], open = false): JQuery {
  const element = $('<details>').append(
    $('<summary>').append(typeof summary === 'string' ? document.createTextNode(summary) : summary),
  );
  let made = false;
  const make = (): void => {
    if (!made) element.append(content());
    made = true;
  };
  if (open) {
    make();
    element.prop('open', true);
  } else element.on('toggle', make);
  return element;
}

const counted = (count: number, text: string): JQuery =>
  $('<span>').append($('<span class="twinflow-plan-count">').text(count), document.createTextNode(text));

/** @param systems names of System 1 and System 2 */
export function drawGroup(group: GroupSurvey, systems: readonly [string, string], say: Say): JQuery {
  const [from, to] = group.direction === 'forward' ? systems : [systems[1], systems[0]];
  const title = `${from} ${group.type.name} → ${to} ${group.targetType.name}`;
  const box = $('<section>').attr('aria-label', title).append($('<h4>').text(title));
  const looked = group.extent === 'all' && group.read === 0 ? 'none' : group.extent;
  box.append(small(say(`looked.${looked}`, { count: group.read }), 'dim'));
  if (group.only) box.append(small(say('partNothing'), 'dim'));
  drawCounts(box, group, [from, to], say);
  if (group.parts) drawParts(box, group.parts, [from, to], say);
  return box;
}

/** What happens to the items' parts: their comments. */
function drawParts(box: JQuery, parts: PartsSurvey, systems: [string, string], say: Say): void {
  for (const counts of parts.pairs) {
    const title = say('parts.title', { type: counts.type.name, target: counts.targetType.name });
    const part = $('<section>').attr('aria-label', title).append($('<h5>').text(title)).appendTo(box);
    part.append(small(say(parts.owners > 0 ? 'parts.looked' : 'parts.none', { count: parts.owners }), 'dim'));
    drawCounts(part, counts, systems, say);
  }
  const { left, undelivered, fault } = parts;
  if (fault) box.append(small(say('fault', { why: fault }), 'bad'));
  else if (left > 0) box.append(small(say('parts.left', { count: left }), 'warn'));
  if (undelivered) box.append(small(say('parts.undelivered', { ...undelivered }), 'warn'));
}

function drawCounts(box: JQuery, counts: Counts, systems: [string, string], say: Say): void {
  if (counts.fault) box.append(small(say('fault', { why: counts.fault }), 'bad'));
  for (const kind of OUTCOMES) if (counts.outcomes[kind] > 0) box.append(outcome(kind, counts, systems, say));
  if (counts.adopted > 0) {
    $('<div class="twinflow-plan-lone">')
      .append(counted(counts.adopted, say('adopted')))
      .appendTo(box);
  }
  if (counts.conflicts > 0) {
    $('<div class="twinflow-plan-lone">')
      .append(counted(counts.conflicts, say('conflicts')))
      .appendTo(box);
  }
  if (counts.findings.length > 0) box.append(findings(counts, say));
  if (counts.fields.length > 0) box.append(fields(counts, say));
}

function outcome(kind: OutcomeKind, group: Counts, systems: [string, string], say: Say): JQuery {
  const why = (['unchanged', 'same', 'kept'] as const)
    .filter((reason) => group.nothing[reason] > 0)
    .map((reason) => say(`nothing.${reason}`, { count: group.nothing[reason] }));
  const samples = group.samples[kind] ?? [];
  const isPart = samples.some(({ part }) => part !== undefined);
  const words = say(kind === 'skipped' && isPart ? 'partSkipped' : `outcome.${kind}`);
  const text = words + (kind === 'nothing' && why.length > 0 ? ` (${why.join(', ')})` : '');
  const label = counted(group.outcomes[kind], text);
  if (samples.length === 0) return $('<div class="twinflow-plan-lone">').append(label);
  return details(label, () => samples.map((plan) => sample(plan, systems)));
}

function sample(plan: EntityPlan, systems: [string, string]): JQuery {
  const { source, target, part } = plan;
  // a part is named after its item
  const name = part ? partLabel(part) : source.key;
  const head = $('<span>').text(target && !part ? `${name} → ${target.key}` : name);
  // most rows start with the title
  const title = plan.fields.find(({ type, after }) => type === 'text' && typeof after === 'string')?.after;
  const words = part ? partWords(part) : title ? showValue(title) : '';
  if (words !== '') head.append($('<span class="twinflow-plan-dim">').text(` ${words}`));
  return details(head, () => {
    const links = $('<div class="twinflow-plan-small">').append(linked(source.key, source.url));
    if (target) links.append(document.createTextNode(' → '), linked(target.key, target.url));
    const { outcome } = plan;
    // of what is filtered out, the conditions say it
    const isSaid = outcome.kind === 'filtered' && plan.criteria.length > 0;
    const reason = 'reason' in outcome && !isSaid ? outcome.reason : undefined;
    const said = [...(reason === undefined ? [] : [reason]), ...plan.warnings];
    const body = $('<div class="twinflow-preview">').append(links, ...said.map((text) => small(text, 'warn')));
    const criteria = plan.criteria.map((criterion) => criterionLine(criterion, labelOf(criterion.step)));
    if (outcome.kind === 'filtered') body.append($('<ul class="twinflow-preview-criteria">').append(criteria));
    return plan.fields.length > 0 ? body.append(planTable(plan.fields, systems)) : body;
  });
}

function labelOf(step: string): string | undefined {
  const node = RED.nodes.node(step);
  return node ? RED.utils.getNodeLabel(node, node.type) : undefined;
}

/** Its name, with the id as a tooltip. */
const named = ({ field, name }: { field: string; name: string }): JQuery =>
  $('<span>')
    .text(name)
    .attr('title', name === field ? null : field);

function findings(group: Counts, say: Say): JQuery {
  const title = say('findings', { count: group.findings.length });
  const heads = ['field', 'what', 'value', 'count', 'examples'].map((column) => say(`column.${column}`));
  return details(
    title,
    () => [
      table(
        heads,
        group.findings.map((finding) => findingRow(finding, say)),
      ),
      ...(group.moreFindings > 0 ? [small(say('moreFindings', { count: group.moreFindings }), 'dim')] : []),
    ],
    true,
  );
}

function findingRow(finding: Finding, say: Say): Cell[] {
  const { kind, value, reason, count, examples } = finding;
  const keys = $('<span>');
  for (const [index, { key, url }] of examples.entries()) {
    if (index > 0) keys.append(document.createTextNode(', '));
    keys.append(linked(key, url));
  }
  const what = $('<span>')
    .text(say(`kind.${kind}`))
    .attr('title', reason);
  return [named(finding), what, value ?? '', count, keys];
}

function fields(group: Counts, say: Say): JQuery {
  const columns = (['created', 'updated', 'kept', 'conflict'] as const).filter((column) =>
    group.fields.some((field) => field[column] > 0),
  );
  const rows = group.fields.map((counts): Cell[] => [named(counts), ...columns.map((column) => counts[column])]);
  return details(say('fields', { count: group.fields.length }), () =>
    table([say('column.field'), ...columns.map((column) => say(`column.${column}`))], rows),
  );
}
