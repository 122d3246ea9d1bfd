/** A survey as a table for a spreadsheet: one row for each thing that was counted. Pure; also for the browser. */

import { OUTCOMES, type Survey } from './survey-types';

const COLUMNS = ['direction', 'type', 'target type', 'what', 'kind', 'field', 'value', 'reason', 'count', 'examples'];

/**
 * Comma-separated, RFC 4180, with a byte order mark, since spreadsheets take it for Latin otherwise. What a spreadsheet
 * would take for a formula gets an apostrophe in front: it is text from a system.
 */
export function surveyCsv({ groups }: Survey): string {
  const rows: (string | number)[][] = [COLUMNS];
  for (const group of groups) {
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
  }
  return `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
