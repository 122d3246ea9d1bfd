/**
 * JSONata's own functions are objects that every expression of a process shares, and its transform operator changes
 * whatever object its pattern finds: `$$ ~> |$uppercase|{"implementation": $new}|` would change what `$uppercase` gives
 * in all of them. So they are frozen, with all that can be reached from them. What jsonata itself writes to a function
 * that is called – where the call stands, for an error's text – stays open.
 */

import jsonata = require('jsonata');

/** The functions that jsonata 2 keeps once for all expressions; `$now` and `$millis` belong to each expression. */
export const FUNCTIONS = [
  ...['sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase'],
  ...[
    'uppercase',
    'length',
    'trim',
    'pad',
    'match',
    'contains',
    'replace',
    'split',
    'join',
    'formatNumber',
    'formatBase',
  ],
  ...['formatInteger', 'parseInteger', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power', 'random', 'boolean'],
  ...[
    'not',
    'map',
    'zip',
    'filter',
    'single',
    'reduce',
    'sift',
    'keys',
    'lookup',
    'append',
    'exists',
    'spread',
    'merge',
  ],
  ...['reverse', 'each', 'error', 'assert', 'type', 'sort', 'shuffle', 'distinct', 'base64encode', 'base64decode'],
  ...['encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'eval', 'toMillis', 'fromMillis', 'clone'],
] as const;

function freezeAll(value: unknown): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) freezeAll(Reflect.getOwnPropertyDescriptor(value, key)?.value);
}

function protect(definition: unknown): void {
  if (typeof definition !== 'object' || definition === null) return;
  for (const key of Reflect.ownKeys(definition)) freezeAll(Reflect.get(definition, key));
  for (const key of ['token', 'position']) {
    Object.defineProperty(definition, key, { value: undefined, writable: true, configurable: true });
  }
  for (const key of ['implementation', 'signature', '_jsonata_function']) {
    if (Object.hasOwn(definition, key)) Object.defineProperty(definition, key, { writable: false });
  }
  Object.seal(definition);
}

/** What jsonata gives to a registered function as `this`. */
interface Called {
  environment: { lookup: (name: string) => unknown; global?: unknown };
}

/** Freezes what all expressions of this process share; await it before the first one is evaluated. */
export async function freezeFunctions(): Promise<void> {
  const probe = jsonata('$probe()');
  probe.registerFunction('probe', function (this: Called) {
    for (const name of FUNCTIONS) protect(this.environment.lookup(name));
    freezeAll(this.environment.global);
  });
  await probe.evaluate({});
}

/** True for the error of an expression that would have changed one of them. */
export const isAboutFrozen = (thrown: unknown): boolean =>
  thrown instanceof TypeError && /read only property|not extensible|Cannot delete property/.test(thrown.message);
