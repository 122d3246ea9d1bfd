/**
 * What a connector file can get wrong although its shape is right: placeholders that nothing fills or whose quoting is
 * missing, settings that there are not, markers that nobody finds. Pure.
 */

import { SECRET_NAMES } from '../form';
import type { ConnectorFile, DeclaredQuery } from './format';
import type { Finding, Place } from './shape';
import { parseTemplate, placeholders } from './template';

/** What a text with placeholders becomes part of. */
type Role = 'path' | 'parameter' | 'text';

interface Request {
  get?: string | undefined;
  query?: DeclaredQuery | undefined;
}

/** Values that Twinflow itself makes: times and numbers. */
const OWN = ['from', 'since', 'size'];

export function lint(file: ConnectorFile): Finding[] {
  const found: Finding[] = [];
  const say = (place: Place, says: string): void => {
    found.push({ place, says });
  };
  const settings = new Map(file.settings.map((one) => [one.name, one]));

  const check = (place: Place, text: string, role: Role, names: readonly string[]): void => {
    try {
      const template = parseTemplate(text);
      for (const { name, quoting } of placeholders(template)) {
        const isSetting = name.startsWith('setting.');
        if (isSetting && !settings.has(name.slice(8))) say(place, `{${name}}: there is no such setting`);
        else if (!isSetting && !names.includes(name))
          say(place, `{${name}} has no value here; possible are ${['setting.…', ...names].join(', ')}`);
        const isWhole = template.length === 1;
        const isForPaths = quoting === 'path' || quoting === 'segments' || quoting === 'odataKey';
        if (role === 'path' && !isForPaths && quoting !== 'raw')
          say(place, `{${name}} is part of a path: write {${name}|path}, or {${name}|segments} if it has slashes`);
        if (role === 'parameter' && quoting === undefined && !isWhole && !OWN.includes(name))
          say(place, `{${name}} is part of a larger text: name its quoting, such as {${name}|odata}`);
        if (role === 'parameter' && isForPaths)
          say(place, `{${name}|${quoting}} is for paths; parameters are encoded as a whole`);
      }
    } catch (thrown) {
      say(place, thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  const request = (place: Place, { get, query }: Request, names: readonly string[]): void => {
    if (get !== undefined) check([...place, 'get'], get, 'path', names);
    for (const [name, value] of Object.entries(query ?? {}))
      for (const [index, one] of [value].flat().entries())
        check([...place, 'query', name, ...(Array.isArray(value) ? [index] : [])], one, 'parameter', names);
  };
  const unique = (place: Place, ids: readonly string[]): void => {
    for (const [index, id] of ids.entries())
      if (ids.indexOf(id) < index) say([...place, index], `"${id}" is there twice`);
  };

  unique(
    ['settings'],
    file.settings.map(({ name }) => name),
  );
  for (const [index, { name, type }] of file.settings.entries()) {
    const isSecret = SECRET_NAMES.some((one) => one === name);
    if (type === 'secret' && !isSecret)
      say(['settings', index, 'name'], `a secret must be called one of ${SECRET_NAMES.join(', ')}`);
    if (type !== 'secret' && isSecret) say(['settings', index, 'type'], `"${name}" is the name of a secret`);
  }

  const { http, identity, projects, people } = file;
  const start = /^\{setting\.(\w+)\}/.exec(http.base)?.[1];
  if (start === undefined ? !/^https:\/\/[^{/]+(\/|$)/.test(http.base) : settings.get(start)?.type !== 'url')
    say(['http', 'base'], 'it begins with {setting.<name>} of a setting of type url, or with a fixed https:// host');
  const own = http.base.replace(/^\{setting\.\w+\}/, '');
  check(['http', 'base'], own === '' ? '/' : own, 'path', []);
  for (const [name, value] of Object.entries(http.headers ?? {})) check(['http', 'headers', name], value, 'text', []);
  const { auth } = http;
  const credentials = Object.entries(auth ?? {}).filter(([key]) => ['token', 'key', 'user', 'password'].includes(key));
  for (const [key, name] of credentials)
    if (!settings.has(String(name))) say(['http', 'auth', key], `there is no setting "${name}"`);

  request(['identity'], identity, []);
  if (identity.loginSetting !== undefined && !settings.has(identity.loginSetting))
    say(['identity', 'loginSetting'], `there is no setting "${identity.loginSetting}"`);
  if (projects.by === 'list') request(['projects'], projects, []);
  if (people) {
    request(['people', 'byLogin'], people.byLogin ?? {}, ['login']);
    request(['people', 'byEmail'], people.byEmail ?? {}, ['email']);
    request(['people', 'all'], people.all ?? {}, ['project', 'search']);
  }

  unique(
    ['types'],
    file.types.map(({ id }) => id),
  );
  for (const [index, type] of file.types.entries()) {
    const at: Place = ['types', index];
    const { item, fields, read, changes, create, update, find } = type;
    unique(
      [...at, 'fields'],
      fields.map(({ id }) => id),
    );
    for (const [place, field] of fields.entries()) {
      const here: Place = [...at, 'fields', place];
      if (field.values && !Array.isArray(field.values)) request([...here, 'values'], field.values, ['project']);
      if (field.type === 'richtext' && !field.format) say(here, 'a richtext names its format');
      if (field.type === 'user' && !people) say(here, 'a field of users needs "people"');
      if (field.unshown && !field.createOnly) say(here, 'a field that answers do not show must be createOnly');
      if (field.later && !update) say(here, 'what a create does not take needs "update"');
    }
    const of = item.within === 'project' || projects.by === 'one' || item.project !== undefined ? ['project'] : [];
    if (of.length === 0 && !JSON.stringify(changes.list).includes('{project'))
      say(
        [...at, 'item'],
        'nothing says of which project an entry is: declare item.project, or name {project} in changes.list',
      );
    request([...at, 'read'], read, ['id', ...of]);
    request([...at, 'read', 'many'], read.many ?? {}, ['ids', ...of]);
    const { feed, list } = changes;
    request([...at, 'changes', 'list'], list, ['project', 'from', ...(feed === 'token' ? ['token'] : [])]);
    if (feed === 'time' || feed === 'sequence') {
      request([...at, 'changes', 'newest'], changes.newest, ['project', 'from']);
      if (list.page?.by === 'link')
        say([...at, 'changes', 'list', 'page'], `a feed by ${feed} needs offset or number: a link cannot go back`);
    }
    const uses = (name: string): boolean => JSON.stringify(list.query ?? {}).includes(`{${name}`);
    if (feed !== 'scan' && !uses('from')) say([...at, 'changes', 'list', 'query'], 'nothing filters by {from}');
    if (feed === 'token' && !uses('token')) say([...at, 'changes', 'list', 'query'], 'nothing goes on from a {token}');
    if (feed === 'token' && list.page)
      say([...at, 'changes', 'list', 'page'], 'a feed by token has its pages by {token}');
    if (create) {
      check([...at, 'create', 'post'], create.post, 'path', ['project']);
      for (const [name, value] of Object.entries(create.also ?? {}))
        check([...at, 'create', 'also', name], value, 'text', ['project']);
      if (create.marker && !find?.marker) say([...at, 'create', 'marker'], 'nothing finds it: find.marker is missing');
      if (!find?.own && !find?.everything && !find?.marker)
        say(
          [...at, 'create'],
          'a create whose answer is lost is not found: declare find.marker, find.own or find.everything',
        );
    }
    if (update) check([...at, 'update', 'path'], update.path, 'path', ['id', ...of]);
    for (const [name, value] of Object.entries(update?.also ?? {}))
      check([...at, 'update', 'also', name], value, 'text', ['id', ...of]);
    request([...at, 'find', 'marker'], find?.marker ?? {}, ['project', 'marker']);
    request([...at, 'find', 'own'], find?.own ?? {}, ['project', 'self', 'since']);
    request([...at, 'find', 'key'], find?.key ?? {}, ['key', ...(projects.by === 'one' ? ['project'] : [])]);
    request([...at, 'find', 'everything'], find?.everything ?? {}, ['project']);
  }
  return found;
}
