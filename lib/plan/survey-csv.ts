/** A survey as a table for a spreadsheet: one row for each thing that was counted. Pure; also for the browser. */

import { csvText } from '../model/csv';
import { type Counts, type GroupSurvey, OUTCOMES, type Survey } from './survey-types';

const COLUMNS = ['direction', 'type', 'target type', 'what', 'kind', 'field', 'value', 'reason', 'count', 'examples'];

/** @see csvText */
export function surveyCsv({ groups }: Survey): string {
  const rows: Row[] = [COLUMNS, ...groups.flatMap((group) => [...rowsOf(group), ...partRows(group)])];
  return csvText(rows);
}

type Row = (string | number)[];

/** Of items' parts, each under the type of its items: "Bug: Comment". */
function partRows({ type, targetType, direction, parts }: GroupSurvey): Row[] {
  if (!parts) return [];
  const named = (counts: Counts): Counts => ({
    ...counts,
    type: { ...counts.type, name: `${type.name}: ${counts.type.name}` },
    targetType: { ...counts.targetType, name: `${targetType.name}: ${counts.targetType.name}` },
  });
  const { owners, left, undelivered, fault = '' } = parts;
  const row = (kind: string, count: number, reason = ''): Row => [
    ...[direction, type.name, targetType.name, 'parts of items', kind, '', '', reason, count, ''],
  ];
  return [
    row('read', owners, fault),
    ...(left > 0 ? [row('not looked at', left)] : []),
    ...(undelivered ? [row('not delivered', undelivered.count, undelivered.why)] : []),
    ...parts.pairs.flatMap((counts) => rowsOf(named(counts))),
  ];
}

function rowsOf(group: Counts): Row[] {
  const rows: Row[] = [];
  const head = [group.direction, group.type.name, group.targetType.name];
  const add = (
    what: string,
    kind: string,
    count: number,
    more: Partial<Record<'field' | 'value' | 'reason', string>> & { examples?: string[] } = {},
  ) =>
    rows.push([
      ...[...head, what, kind, more.field ?? '', more.value ?? '', more.reason ?? '', count],
      (more.examples ?? []).join(' '),
    ]);
  add('read', group.extent, group.read, { reason: group.fault });
  for (const kind of OUTCOMES) {
    const examples = group.samples[kind]?.map(({ source }) => source.key);
    if (group.outcomes[kind] > 0) add('outcome', kind, group.outcomes[kind], { examples });
  }
  if (group.adopted > 0) add('outcome', 'linked with an existing item', group.adopted);
  for (const { field, name, created, updated, kept, conflict } of group.fields) {
    const counts = { created, updated, kept, conflict };
    for (const [kind, count] of Object.entries(counts)) {
      if (count > 0) add('field', kind, count, { field: name === field ? name : `${name} (${field})` });
    }
  }
  for (const { kind, field, name, value, reason, count, examples } of group.findings) {
    const keys = examples.map(({ key }) => key);
    add('finding', kind, count, {
      field: name === field ? name : `${name} (${field})`,
      value,
      reason,
      examples: keys,
    });
  }
  return rows;
}
