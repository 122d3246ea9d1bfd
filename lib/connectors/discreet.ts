/**
 * A connection whose errors contain no secrets. The HTTP client masks what it throws. This is for errors that a
 * connector makes from answers itself: the failed element of a batch with status 200, the text about a field that a
 * system did not accept.
 */

import type { Mask } from './http/masking';

type Method = (...args: unknown[]) => unknown;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isPages = (value: unknown): value is AsyncIterable<unknown> =>
  isObject(value) && typeof Reflect.get(value, Symbol.asyncIterator) === 'function';
const isMethod = (value: unknown): value is Method => typeof value === 'function';

/** Masks the texts in an object's own property, which is a text or an object of texts. */
function maskTexts(owner: object, property: string, mask: Mask): void {
  const value: unknown = Reflect.get(owner, property);
  if (typeof value === 'string') Reflect.set(owner, property, mask(value));
  if (!isObject(value)) return;
  const texts = Object.entries(value).map(([key, text]) => [mask(key), typeof text === 'string' ? mask(text) : text]);
  Reflect.set(owner, property, Object.fromEntries(texts));
}

const DEEPEST_CAUSE = 5;

/** Masks an error in place: message, stack, the system's answer, texts about fields, causes. */
export function maskError(error: unknown, mask: Mask, depth = 0): void {
  if (!(error instanceof Error) || depth > DEEPEST_CAUSE) return;
  for (const property of ['message', 'stack']) maskTexts(error, property, mask);
  const detail: unknown = Reflect.get(error, 'detail');
  if (isObject(detail)) {
    for (const property of ['answer', 'fields']) maskTexts(detail, property, mask);
    maskError(Reflect.get(detail, 'cause'), mask, depth + 1);
  }
  maskError(error.cause, mask, depth + 1);
}

/** Errors are either direct results, or in the `error` of an operation's result. */
function maskResult(result: unknown, mask: Mask): void {
  for (const one of Array.isArray(result) ? (result as unknown[]) : [result]) {
    maskError(one, mask);
    if (!isObject(one)) continue;
    maskError(Reflect.get(one, 'error'), mask);
    if ('ok' in one) maskTexts(one, 'ignored', mask);
  }
}

async function* maskedPages(pages: AsyncIterable<unknown>, mask: Mask): AsyncGenerator<unknown> {
  try {
    yield* pages;
  } catch (thrown) {
    maskError(thrown, mask);
    throw thrown;
  }
}

/** @param mask made from all secrets that the connection received */
export function discreet<Made extends object>(connection: Made, mask: Mask): Made {
  const masked = (method: Method): Method =>
    function call(...args) {
      const failed = (thrown: unknown): never => {
        maskError(thrown, mask);
        throw thrown;
      };
      try {
        const result = Reflect.apply(method, connection, args);
        if (isPages(result)) return maskedPages(result, mask);
        if (!(result instanceof Promise)) return result;
        return result.then((value: unknown) => {
          maskResult(value, mask);
          return value;
        }, failed);
      } catch (thrown) {
        return failed(thrown);
      }
    };
  const methods = new Map<Method, Method>();
  return new Proxy(connection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (!isMethod(value)) return value;
      const known = methods.get(value) ?? masked(value);
      methods.set(value, known);
      return known;
    },
  });
}
