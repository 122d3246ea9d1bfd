/** Finds values in answers by paths: `user.login`, `0.id`. No expressions. Pure. */

import { isJson } from '../kit/json';

/**
 * The value at a path; undefined = there is none. A property whose name is the whole path counts first, so that
 * `@odata.etag` is found. Of a list, a property is that of each entry.
 *
 * @param path '' = the value itself
 */
export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  if (isJson(value) && Object.hasOwn(value, path)) return value[path];
  const dot = path.indexOf('.');
  const [first, rest] = dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
  if (Array.isArray(value)) {
    if (/^\d{1,6}$/.test(first)) return valueAt(value[Number(first)], rest);
    return value.map((one: unknown) => valueAt(one, path));
  }
  if (!isJson(value) || !Object.hasOwn(value, first)) return undefined;
  return valueAt(value[first], rest);
}

/** Sets a property of a body; dots lead into properties of properties, which are made where needed. */
export function putAt(body: Record<string, unknown>, path: string, value: unknown): void {
  const dot = path.indexOf('.');
  // OData: a dot after an @ belongs to the name
  if (dot < 0 || path.startsWith('@')) {
    Object.defineProperty(body, path, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  const [first, rest] = [path.slice(0, dot), path.slice(dot + 1)];
  const inner: unknown = Object.hasOwn(body, first) ? body[first] : undefined;
  const next = isJson(inner) ? inner : {};
  putAt(next, rest, value);
  putAt(body, first, next);
}
