/**
 * JSONata's own functions are objects that all expressions of a process share. Its transform operator changes any
 * object that its pattern matches: `$$ ~> |$uppercase|{"implementation": $new}|` would change the result of
 * `$uppercase` in all of them. The functions are therefore frozen, with everything reachable from them. What jsonata
 * itself writes to a called function (the position of the call, for an error's text) stays writable.
 */

import jsonata = require('jsonata');

/** The functions that jsonata 2 keeps once for all expressions. `$now` and `$millis` belong to each expression. */
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

/** The object that jsonata passes to a registered function as `this`. */
interface Called {
  environment: { lookup: (name: string) => unknown; global?: unknown };
}

/** Freezes everything that the expressions of this process share. Await it before the first expression is evaluated. */
export async function freezeFunctions(): Promise<void> {
  const probe = jsonata('$probe()');
  probe.registerFunction('probe', function (this: Called) {
    for (const name of FUNCTIONS) protect(this.environment.lookup(name));
    freezeAll(this.environment.global);
  });
  await probe.evaluate({});
}

/** True for the error of an expression that tried to change a frozen object. */
export const isAboutFrozen = (thrown: unknown): boolean =>
  thrown instanceof TypeError && /read only property|not extensible|Cannot delete property/.test(thrown.message);
