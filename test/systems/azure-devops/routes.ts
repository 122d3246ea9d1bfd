/**
 * The addresses of the API, with what `OPTIONS _apis` says of them: clients that others wrote ask for it first, and build
 * their addresses and versions from it (https://github.com/microsoft/azure-devops-node-api, VsoClient). The ids are the
 * vendor's; they are the same in every organisation.
 */

import type { StoredFile } from '../files';
import { ApiError } from './answer';

/** What a request says, its address taken apart. */
export interface Call<Person> {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  /** as it came */
  text: string;
  contentType: string | undefined;
  /** of a chunk: Content-Range */
  range?: string;
  /** octets, in place of a text */
  file?: StoredFile;
  by: Person;
  /** the variable parts of the address, decoded */
  at: Record<string, string | undefined>;
}

export type Handler<Person> = (call: Call<Person>) => unknown;

export interface Route<Person> {
  location: string;
  area: string;
  resource: string;
  template: string;
  /** newest version of the resource, as in `7.1-preview.3` */
  version: number;
  /** there is no released version, only a preview */
  preview?: true;
  methods: Partial<Record<string, Handler<Person>>>;
}

/** `{project}` and `{team}` may be left out, and so may the last part; `{*path}` takes all that follows. */
function patternOf({ template, area, resource }: Pick<Route<never>, 'template' | 'area' | 'resource'>): RegExp {
  const parts = template.replace('{area}', area).replace('{resource}', resource).split('/');
  const escaped = (text: string) => text.replace(/[.$]/g, '\\$&');
  const source = parts.map((part, index) => {
    const name = /^\{\*?(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      const typed = /^\$\{(\w+)\}$/.exec(part)?.[1];
      return typed ? `/\\$(?<${typed}>[^/]+)` : `/${escaped(part)}`;
    }
    if (part.startsWith('{*')) return `(?:/(?<${name}>.+))?`;
    const last = index === parts.length - 1;
    const one =
      name === 'project' || name === 'team'
        ? '(?!_apis(?:/|$))[^/]+'
        : /^(id|workItemId)$/.test(name)
          ? '[\\w-]+'
          : '[^/]+';
    return last || name === 'project' || name === 'team' ? `(?:/(?<${name}>${one}))?` : `/(?<${name}>${one})`;
  });
  return new RegExp(`^${source.join('')}$`, 'i');
}

export class Routes<Person> {
  private readonly compiled: { route: Route<Person>; pattern: RegExp }[];

  constructor(private readonly routes: Route<Person>[]) {
    this.compiled = routes.map((route) => ({ route, pattern: patternOf(route) }));
  }

  /** @throws ApiError 404, 405 – there is nothing there */
  find(method: string, path: string): { handler: Handler<Person>; route: Route<Person>; at: Call<Person>['at'] } {
    const here = this.compiled.flatMap(({ route, pattern }) => {
      const match = pattern.exec(path);
      return match ? [{ route, at: decoded(match.groups) }] : [];
    });
    for (const { route, at } of here) {
      const handler = route.methods[method];
      if (handler) return { handler, route, at };
    }
    if (here.length > 0) {
      const words = `The requested resource does not support http method '${method}'.`;
      throw new ApiError(405, 'VssRequestMethodNotSupportedException', words);
    }
    throw new ApiError(
      404,
      'VssResourceNotFoundException',
      `The controller for path '${path}' was not found or does not implement IController.`,
    );
  }

  /** The answer of `OPTIONS _apis/{area}`, of all areas where none is given. */
  locations(area: string | undefined) {
    const wanted = this.routes.filter((one) => !area || one.area.toLowerCase() === area.toLowerCase());
    const value = wanted.map(({ location, area: owner, resource, template, version, preview }) => ({
      id: location,
      area: owner,
      resourceName: resource,
      routeTemplate: template,
      resourceVersion: version,
      minVersion: '1.0',
      maxVersion: '7.2',
      releasedVersion: preview ? '0.0' : '7.1',
    }));
    return { value, count: value.length };
  }
}

const decoded = (groups: Record<string, string | undefined> = {}): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, value && decodeURIComponent(value)]));

/**
 * The version that a request asks for: in its address, or in `Accept: application/json;api-version=7.1`. A read may go
 * without. @throws ApiError 400
 */
export function versionOf(method: string, query: URLSearchParams, accept: string | undefined): string | undefined {
  const version = query.get('api-version') ?? /;\s*api-version=([^;,\s]+)/i.exec(accept ?? '')?.[1];
  if (version === undefined) {
    if (method === 'GET' || method === 'OPTIONS') return undefined;
    const words = `No api-version was supplied for the "${method}" request. The version must be supplied either as part of the Accept header (e.g. "application/json; api-version=1.0") or as a query parameter (e.g. "?api-version=1.0").`;
    throw new ApiError(400, 'VssVersionNotSpecifiedException', words);
  }
  const parts = /^(\d+\.\d+)(-preview(?:\.\d+)?)?$/.exec(version);
  const number = Number(parts?.[1]);
  if (!parts || Number.isNaN(number))
    throw new ApiError(400, 'VssVersionNotSupportedException', `The api-version ${version} cannot be read.`);
  if (number < 1 || number > 7.2 || (number > 7.1 && !parts[2])) {
    const words = `The requested REST API version of ${version} is out of range for this server. The latest REST API version this server supports is 7.2.`;
    throw new ApiError(400, 'VssVersionOutOfRangeException', words);
  }
  return version;
}

/** @throws ApiError 400 – the resource has no released version, and the request does not say that it knows */
export function checkPreview({ preview }: Pick<Route<never>, 'preview'>, version: string | undefined): void {
  if (!preview || version === undefined || version.includes('-preview')) return;
  const words = `The requested version "${version}" of the resource is under preview. The -preview flag must be supplied in the api-version for such requests. For example: "${version}-preview"`;
  throw new ApiError(400, 'VssInvalidPreviewVersionException', words);
}
