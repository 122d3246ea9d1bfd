/**
 * How long a complete mapping of one entity takes: field, value and default mapper, twenty mapped fields, five of them with
 * value tables of a hundred pairs; and what five rows with an expression cost. Run directly, it prints a line of JSON for
 * each.
 */

import { compileDefaultRows, compileFieldRows, compileValueRows } from '../../lib/mapping';
import { expressionReads } from '../../lib/mapping/transform-expression';
import { compileMapping, type EvaluateAll } from '../../lib/mapping/transform-mapping';
import { ExpressionRunner } from '../../lib/mapping/transform-runner';
import type { DefaultRow, FieldChoice, FieldRow, Fields, FieldType, Value, ValueRow } from '../../lib/model';

export interface MappingTime {
  fields: number;
  entities: number;
  /** microseconds per entity: the median of the rounds, and the slowest round */
  medianMicroseconds: number;
  slowestMicroseconds: number;
  entitiesPerSecond: number;
}

const KINDS: [FieldType, FieldType, Value][] = [
  ['text', 'text', 'The login page shows an error after the second attempt'],
  [
    'richtext',
    'richtext',
    { format: 'markdown', content: '# Steps\n\n1. open the page\n2. log in twice\n'.repeat(20) },
  ],
  ['lookup', 'lookup', { id: '42', name: 'Value 42' }],
  ['number', 'number', 8.5],
  ['date', 'datetime', '2024-05-17'],
  ['lookup', 'number', { id: '7', name: '7' }],
  ['user', 'user', { id: '12', name: 'Ann Lee', login: 'ann', email: 'ann@example.org' }],
  ['boolean', 'lookup', true],
  ['text', 'lookup', 'Value 9'],
  ['datetime', 'datetime', '2024-05-17T10:11:12.000Z'],
];
const FIELDS = 20;

const choice = (side: string, n: number, type: FieldType): FieldChoice => ({
  id: `${side}${n}`,
  name: `Field ${side}${n}`,
  type,
});

/** @param entities per round; rounds are repeated after a warm-up of one round */
export function measureMapping(entities = 20_000, rounds = 9): MappingTime {
  const rows: FieldRow[] = [];
  const values: ValueRow[] = [];
  const defaults: DefaultRow[] = [];
  const payload: Fields = {};
  for (let n = 0; n < FIELDS; n += 1) {
    const kind = KINDS[n % KINDS.length];
    if (kind === undefined) continue;
    const [one, two] = [choice('a', n, kind[0]), choice('b', n, kind[1])];
    rows.push({ one, two, direction: 'both' });
    payload[one.id] = kind[2];
    if (two.type === 'lookup' && values.length < 5) {
      const pairs = Array.from({ length: 100 }, (_, v) => ({
        one: { id: String(v), name: `Value ${v}` },
        two: { id: `t${v}`, name: `Target ${v}` },
        direction: 'both' as const,
      }));
      values.push({ one, two, pairs });
    }
    if (n % 4 === 0) defaults.push({ field: two, side: 2, value: 'none' });
  }
  const mapFields = compileFieldRows(rows, 'forward');
  const mapValues = compileValueRows(values, 'forward');
  const applyDefaults = compileDefaultRows(defaults, 'forward');
  const round = (): number => {
    const begun = performance.now();
    let mapped = 0;
    for (let n = 0; n < entities; n += 1) {
      mapped += Object.keys(applyDefaults(mapValues(mapFields(payload)), 'update').fields).length;
    }
    if (mapped !== entities * FIELDS) throw new Error(`${mapped / entities} of ${FIELDS} fields were mapped`);
    return ((performance.now() - begun) * 1000) / entities;
  };
  round();
  const times = Array.from({ length: rounds }, round).sort((a, b) => a - b);
  const median = times[Math.floor(rounds / 2)] ?? Number.NaN;
  return {
    fields: FIELDS,
    entities: entities * rounds,
    medianMicroseconds: Math.round(median * 100) / 100,
    slowestMicroseconds: Math.round((times.at(-1) ?? Number.NaN) * 100) / 100,
    entitiesPerSecond: Math.round(1e6 / median),
  };
}

export interface ExpressionTime {
  rows: number;
  entities: number;
  /** microseconds per entity: one after the other, and with many on their way */
  sequentialMicroseconds: number;
  concurrentMicroseconds: number;
}

const EXPRESSIONS = [
  'summary & " (" & $entity().key & ")"',
  '$uppercase(summary)',
  'points * 2',
  '$join(labels, ", ")',
  'status.name = "Open" ? "todo" : "done"',
];

/** Five rows with an expression each, evaluated in the process that is there for it. */
export async function measureExpressions(entities = 3_000): Promise<ExpressionTime> {
  const runner = new ExpressionRunner();
  const rows = EXPRESSIONS.map(
    (expression, n): FieldRow => ({
      one: choice('a', n, 'text'),
      two: choice('b', n, n === 2 ? 'number' : 'text'),
      direction: 'both',
      transform: { forward: { kind: 'jsonata', expression } },
    }),
  );
  const helpers = { user: () => null, lookup: () => null, text: () => null };
  const evaluate: EvaluateAll = (expressions, payload, { entity }, names) =>
    runner.evaluate(expressions, { payload, entity, names }, helpers);
  const mapping = compileMapping(rows, 'forward', { expressionReads }, evaluate);
  const payload: Fields = {
    summary: 'The login page shows an error',
    points: 4,
    labels: ['web', 'login'],
    status: { id: '1', name: 'Open' },
  };
  const entity = { id: '7', key: 'DEMO-7', type: 'bug', project: 'DEMO' };
  const once = async (): Promise<void> => {
    const { fields } = await mapping.map(payload, { entity });
    const mapped = Object.keys(fields).length;
    if (mapped !== EXPRESSIONS.length) throw new Error(`${mapped} of ${EXPRESSIONS.length} fields were mapped`);
  };
  try {
    for (let n = 0; n < entities / 5; n += 1) await once();
    let begun = performance.now();
    for (let n = 0; n < entities; n += 1) await once();
    const sequential = ((performance.now() - begun) * 1000) / entities;
    begun = performance.now();
    for (let n = 0; n < entities; n += 50) await Promise.all(Array.from({ length: 50 }, once));
    const concurrent = ((performance.now() - begun) * 1000) / entities;
    return {
      rows: EXPRESSIONS.length,
      entities,
      sequentialMicroseconds: Math.round(sequential),
      concurrentMicroseconds: Math.round(concurrent),
    };
  } finally {
    runner.close();
  }
}

if (require.main === module) {
  console.log(JSON.stringify(measureMapping()));
  measureExpressions().then(
    (result) => console.log(JSON.stringify(result)),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
