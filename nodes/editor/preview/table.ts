/** The plan of an item as a table: source field and value, target field, before → after, warnings. */

import type { CriterionPlan, FieldEffect, FieldPlan, FieldWarning } from '../../../lib/plan/types';
import { asText, p, shownDifference, shownValue } from './text';

/** Texts of at least this length, or with several lines, are compared word by word. */
const COMPARED = 60;
/** Characters of a source value that are shown at first: most of it appears again in the target's value. */
const SOURCE = 80;

const dim = (text: string): JQuery => $('<span class="twinflow-preview-dim">').text(text);

/** How the value was made, in a few words. A value that was looked up was mapped before, which need not be shown. */
function howOf({ how }: FieldPlan): string {
  const origins = [...new Set(how.map(({ origin }) => origin))];
  const told = origins.length > 1 ? origins.filter((origin) => origin !== 'mapped') : origins;
  return told.map((origin) => p(`origin.${origin}`)).join(', ');
}

function sourceCell({ sources }: FieldPlan): JQuery {
  const cell = $('<td>');
  for (const { name, type, value } of sources) {
    $('<div>')
      .append($('<span>').text(`${name}: `), shownValue(value, type, SOURCE))
      .appendTo(cell);
  }
  if (sources.length === 0) cell.append(dim('–'));
  return cell;
}

function changeOf(plan: FieldPlan): JQuery {
  const { before, after, wanted, effect, type } = plan;
  const box = $('<div>');
  const [was, becomes] = [asText(before, type), asText(after, type)];
  if (effect === 'write') {
    const long = [was, becomes].some((text) => text.length > COMPARED || text.includes('\n'));
    if (was !== '' && becomes !== '' && long) return box.append(shownDifference(was, becomes));
    return box.append(
      shownValue(before, type),
      $('<span aria-hidden="true">').text(' → '),
      $('<span>').toggleClass('twinflow-preview-now', !long).append(shownValue(after, type)),
    );
  }
  box.append(shownValue(before, type), ' ', dim(`(${p(`effect.${effect}`)})`));
  const other = asText(wanted, type);
  if (wanted !== undefined && other !== was) {
    $('<div class="twinflow-preview-dim">')
      .text(`${p('wanted')} `)
      .append(shownValue(wanted, type))
      .appendTo(box);
  }
  return box;
}

/** The kind is shown in the user's language; reasons from systems and the engine are shown unchanged. */
const TRANSLATED: readonly string[] = ['unknownField', 'readOnly', 'createOnly', 'required'];

/** The engine's plain sentences about conflicts, which the translation covers as well. */
const PLAIN =
  /^Changed on both sides; (the source value is written|the target value is kept|needs your decision|merged)$/;

function warningText({ kind, reason, decision, code, names }: FieldWarning): string {
  if (code !== undefined) return p(`warning.${code}`, names);
  if (TRANSLATED.includes(kind)) return p(`warning.${kind}`);
  if (kind === 'unresolved') return p('warning.unresolved', { reason });
  if (decision === undefined) return reason;
  const said = p(`warning.conflict.${decision}`);
  return PLAIN.test(reason) ? said : `${said} (${reason})`;
}

function warningLine(warning: FieldWarning): JQuery {
  const text = warningText(warning);
  return $('<div class="twinflow-preview-warning">').append(
    $('<i class="fa fa-exclamation-triangle" aria-hidden="true">'),
    document.createTextNode(` ${text}`),
  );
}

function rowOf(plan: FieldPlan): JQuery {
  const target = $('<th scope="row">').append($('<div class="twinflow-preview-name">').text(plan.name));
  const how = howOf(plan);
  if (how !== '') target.append(dim(how));
  const change = $('<td>').append(changeOf(plan), ...plan.warnings.map(warningLine));
  return $('<tr>')
    .attr('data-field', plan.field)
    .attr('data-effect', plan.effect)
    .append(sourceCell(plan), target, change);
}

/** Further rows are shown on demand if nothing would happen to their fields. */
const FEW = 8;
const QUIET: readonly FieldEffect[] = ['unchanged', 'same', 'empty', 'notNow'];

const isQuiet = ({ effect, warnings }: FieldPlan): boolean => warnings.length === 0 && QUIET.includes(effect);

/** Hides the unchanged rows, with a button that shows them. */
function quieten(body: JQuery, fields: FieldPlan[]): void {
  const rows = body.children('tr');
  const quiet = fields.flatMap((plan, index) => (isQuiet(plan) ? [rows.eq(index)] : []));
  if (fields.length <= FEW || quiet.length < 2) return;
  let all = false;
  const button = $('<button type="button" class="twinflow-link">');
  const draw = (): void => {
    for (const row of quiet) row.prop('hidden', !all);
    button.text(p(all ? 'fewer' : 'quiet', { count: quiet.length })).attr('aria-expanded', String(all));
  };
  button.on('click', () => {
    all = !all;
    draw();
  });
  draw();
  body.append($('<tr>').append($('<td colspan="3">').append(button)));
}

/**
 * @param systems names of the source's and the target's system
 * @param brief unchanged rows are shown on demand; a mapper's form shows each of its rows
 */
export function planTable(fields: FieldPlan[], [source, target]: [string, string], brief = true): JQuery {
  const columns = [source, target, p('change')].map((text) => $('<th scope="col">').text(text));
  const body = $('<tbody>').append(...fields.map(rowOf));
  if (brief) quieten(body, fields);
  return $('<table>').append(
    $('<colgroup>').append('<col class="twinflow-preview-from">', '<col class="twinflow-preview-to">', '<col>'),
    $('<thead>').append($('<tr>').append(...columns)),
    body,
  );
}

const OPERATORS = '@twinflow/node-red-sync/twinflow-filter:filter.operator.';

/** A filter's condition: whether it is met, and by which value. */
export function criterionLine({ condition, value, met }: CriterionPlan, name: string | undefined): JQuery {
  const { field, operator, value: wanted, of } = condition;
  const label = of === 'linked' ? p('criterion.linked', { name: field.name }) : field.name;
  const asked = wanted === undefined ? '' : ` ${asText(wanted, field.type)}`;
  const icon = $('<i aria-hidden="true">').addClass(`fa ${met ? 'fa-check' : 'fa-times'}`);
  const shown = asText(value, field.type) || p('empty');
  const text = p(met ? 'criterion.met' : 'criterion.unmet', {
    condition: `${label} ${RED._(OPERATORS + operator)}${asked}`,
    value: shown.length > 100 ? `${shown.slice(0, 100)}…` : shown,
  });
  return $('<li>').append(icon, document.createTextNode(` ${name === undefined ? '' : `${name}: `}${text}`));
}
