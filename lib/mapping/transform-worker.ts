/**
 * Evaluates expressions one after the other in a separate process. Soft limits (time between steps, depth, length of
 * lists and results) are enforced here and end one expression with a sentence. An expression without a next step, such
 * as a regular expression that backtracks endlessly, is ended from outside together with this process.
 */

import jsonata = require('jsonata');

import type { AskedHelper, ExpressionResult } from './transform';
import { freezeFunctions, isAboutFrozen } from './transform-builtins';
import type { ExpressionInput, FromWorker, ToWorker, WorkerSettings } from './transform-protocol';
import { jsonataMessage } from './transform-reads';

const MOST_KEPT = 500;

const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;

interface Compiled {
  expression: jsonata.Expression;
  /** read by jsonata at each step; time spent waiting for Node-RED is added to its limit */
  options: jsonata.JsonataOptions;
}

const compiled = new Map<string, Compiled>();
const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
let asked = 0;

function compile(source: string): Compiled {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_KEPT) compiled.clear();
  const options: jsonata.JsonataOptions = { timeout: settings.timeMs, stack: settings.depth, sequence: settings.items };
  const one = { expression: jsonata(source, options), options };
  compiled.set(source, one);
  return one;
}

const post = (message: FromWorker): void => {
  process.send?.(message);
};

function ask(helper: AskedHelper, args: unknown[], options: jsonata.JsonataOptions): Promise<unknown> {
  asked += 1;
  const id = asked;
  const begun = Date.now();
  return new Promise<unknown>((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    post({ ask: id, helper, args: args.map((arg) => arg ?? null) });
  }).finally(() => {
    options.timeout = (options.timeout ?? 0) + (Date.now() - begun);
  });
}

/** JSONata's own `$lookup` is for objects; Twinflow's is for the name of a table. */
function ownLookup(object: unknown, key: unknown): unknown {
  if (Array.isArray(object)) return object.map((one) => ownLookup(one, key)).find((found) => found !== undefined);
  return typeof object === 'object' && object !== null && Object.hasOwn(object, String(key))
    ? Reflect.get(object, String(key))
    : undefined;
}

/** What the helpers of one expression have found so far. */
interface Found {
  /** answers of $lookup and $user */
  answers: unknown[];
  /** the first helper call that found nothing */
  missed?: string;
}

const LONGEST_SHOWN = 60;

/** A value in a call, for a sentence. */
function shown(value: unknown): string {
  const name: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'name') : undefined;
  const text = JSON.stringify(typeof name === 'string' ? name : value) ?? '';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text;
}

/** True if the whole value consists of helper results: complete entries or their names. */
function isFound(value: unknown, { answers }: Found): boolean {
  if (answers.length === 0) return false;
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const known = new Set(
    answers.flatMap((answer) => {
      const name: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'name') : undefined;
      return [JSON.stringify(answer), ...(typeof name === 'string' ? [JSON.stringify(name)] : [])];
    }),
  );
  return items.length > 0 && items.every((item) => known.has(JSON.stringify(item)));
}

function helpers(input: ExpressionInput, options: jsonata.JsonataOptions, found: Found): Record<string, unknown> {
  const names = new Map(input.names);
  const fieldOf = (fields: object | undefined, ref: unknown): unknown => {
    if (fields === undefined || typeof ref !== 'string') return undefined;
    const id = Object.hasOwn(fields, ref) ? ref : names.get(ref.trim().toLowerCase());
    return id !== undefined && Object.hasOwn(fields, id) ? Reflect.get(fields, id) : undefined;
  };
  const defined = (value: unknown): unknown => (value === null ? undefined : value);
  const find = async (helper: 'user' | 'lookup', args: unknown[]): Promise<unknown> => {
    const answer = defined(await ask(helper, args, options));
    if (answer === undefined) found.missed ??= `$${helper}(${args.map(shown).join(', ')})`;
    else found.answers.push(answer);
    return answer;
  };
  return {
    new: (ref: unknown) => fieldOf(input.payload, ref),
    old: (ref: unknown) => fieldOf(input.old, ref),
    entity: () => input.entity,
    linked: () => input.linked,
    user: async (who: unknown) => (who === undefined ? undefined : find('user', [who])),
    text: async (value: unknown) => (value === undefined ? undefined : defined(await ask('text', [value], options))),
    lookup: (table: unknown, value: unknown) => {
      if (typeof table !== 'string') return ownLookup(table, value);
      return value === undefined ? undefined : find('lookup', [table, value]);
    },
  };
}

/** JSONata's own functions are objects. */
const isFunction = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Reflect.has(value, '_jsonata_lambda') || Reflect.has(value, '_jsonata_function'));

async function evaluate(source: string, input: ExpressionInput): Promise<ExpressionResult> {
  try {
    const { expression, options } = compile(source);
    Object.assign(options, { timeout: settings.timeMs, stack: settings.depth, sequence: settings.items });
    const found: Found = { answers: [] };
    const value: unknown = await expression.evaluate(input.payload, helpers(input, options, found));
    if (value === undefined) return found.missed === undefined ? {} : { missed: found.missed };
    if (typeof value === 'function' || isFunction(value)) return { error: 'it gives a function, not a value' };
    const json = JSON.stringify(value);
    if (json.length > settings.length) return { error: `its result is longer than ${settings.length} characters` };
    const result: unknown = JSON.parse(json);
    return isFound(result, found) ? { value: result, settled: true } : { value: result };
  } catch (thrown) {
    const code: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined;
    if (isAboutFrozen(thrown))
      return { error: 'it tries to change a function of JSONata, which all expressions share' };
    if (code === 'D1012') return { error: `it took longer than ${settings.timeMs} ms` };
    if (code === 'D1011' || thrown instanceof RangeError) return { error: 'it calls itself too often' };
    if (code === 'D2015' || code === 'D2014') return { error: `it builds a list of more than ${settings.items} items` };
    return { error: jsonataMessage(thrown) };
  }
}

const frozen = freezeFunctions();

async function run(expressions: string[], input: ExpressionInput): Promise<ExpressionResult[]> {
  await frozen;
  const results: ExpressionResult[] = [];
  // with a `$clone` of its own an expression can change its input, so each gets a copy
  const text = expressions.length > 1 ? JSON.stringify(input) : undefined;
  for (const source of expressions) {
    const copy = text === undefined ? input : (JSON.parse(text) as ExpressionInput);
    results.push(await evaluate(source, copy));
  }
  return results;
}

process.on('disconnect', () => process.exit());
process.on('message', (message: ToWorker) => {
  if ('answer' in message) {
    const open = waiting.get(message.answer);
    waiting.delete(message.answer);
    if (message.error === undefined) open?.resolve(message.value);
    else open?.reject(new Error(message.error));
    return;
  }
  run(message.expressions, message.input).then(
    (results) => post({ job: message.job, results }),
    (thrown: unknown) => post({ job: message.job, results: [{ error: jsonataMessage(thrown) }] }),
  );
});

post({ ready: true });
