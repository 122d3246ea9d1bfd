/**
 * The format of connector files, number 1 (docs/contributing/declared-connector.md). Data only: no expressions, no code.
 * Texts may have placeholders, `{name|quoting}` (template.ts); values are found by paths, `user.login` (path.ts).
 */

import {
  anyText,
  either,
  exactly,
  flag,
  list,
  named,
  type Of,
  object,
  type Shape,
  text,
  variant,
  whole,
  word,
} from './shape';

const DURATION = /^\d{1,6}(ms|s|m|h)$/;
const duration = (description: string): Shape<string> =>
  text(description, DURATION, 'a duration such as 500ms, 2s, 5m');
const path = (description: string): Shape<string> => anyText(description);

const query = named(
  either((value) => Array.isArray(value), list(anyText()), anyText()),
  'parameters; a list repeats a parameter. A parameter with {from}, {search} or {project} is left out while there is no value for it',
);

const paging = variant('by', {
  offset: object(
    { by: exactly('offset'), max: whole(1, 10_000, 'the most entries in one answer') },
    { param: text('default: offset'), size: text('default: limit') },
  ),
  number: object(
    { by: exactly('number'), max: whole(1, 10_000, 'the most entries in one answer') },
    { param: text('default: page'), size: text('default: per_page'), first: whole(0, 1, 'default: 1') },
  ),
  link: object(
    { by: exactly('link') },
    { next: path('of the link in the answer; default: the header Link, rel=next') },
  ),
});

const LIST = {
  query,
  items: path('of the list in the answer; default: the answer itself'),
  page: paging,
  total: path('of the number of all entries in the answer'),
};
const listing = object({ get: text('path below the base') }, LIST);

const GET = { query, item: path('of the entity in the answer; default: the answer itself') };

const setting = object(
  {
    name: text(
      'of a secret: apiKey, login, password, token, clientId or clientSecret',
      /^[a-z][A-Za-z\d]{0,30}$/,
      'a name',
    ),
    label: text(),
    type: word(['text', 'url', 'secret', 'select', 'boolean']),
  },
  {
    required: flag(),
    placeholder: text(),
    hint: text(),
    default: text(),
    options: list(object({ value: text(), label: text() }), 1),
  },
);

const auth = variant('by', {
  bearer: object({ by: exactly('bearer'), token: text('name of a setting') }, { scheme: text('default: Bearer') }),
  header: object({ by: exactly('header'), header: text(), key: text('name of a setting') }),
  basic: object({ by: exactly('basic'), user: text('name of a setting'), password: text('name of a setting') }),
});

const KINDS = ['auth', 'forbidden', 'notFound', 'rateLimited', 'invalid', 'conflict', 'transient', 'fatal'] as const;

const errors = object(
  {
    message: path("of the system's own words in an error answer. Only an answer with such a text is the system's own"),
  },
  {
    code: path("of the error's name"),
    fields: path('of a map field → words'),
    kinds: list(
      object(
        { kind: word(KINDS) },
        { status: whole(100, 599), code: text(), says: text('a part of the message, in any case') },
      ),
      1,
      'the first entry that fits; otherwise the status decides',
    ),
  },
);

const condition = object(
  { path: path('of the value') },
  { is: either((v) => typeof v === 'boolean', flag(), anyText()) },
);

const values = either(
  (value) => Array.isArray(value),
  list(
    either((value) => typeof value === 'string', text(), object({ id: text(), name: text() })),
    1,
  ),
  object({ get: text(), name: path('of the name') }, { ...LIST, id: path('of the id') }),
);

const field = object(
  {
    id: text(),
    name: text(),
    type: word([
      ...(['text', 'richtext', 'number', 'boolean', 'date', 'datetime', 'duration', 'lookup', 'user', 'url'] as const),
    ]),
  },
  {
    path: path('of its value in an entity; default: the id'),
    write: text('property that carries it in a write, with dots for properties of properties; default: the path'),
    entry: object(
      { name: path('of the name') },
      { id: path('of the id'), login: path('of the login of a user') },
      'of a lookup value that is an object, or of a user that looks different from those in "people"',
    ),
    sends: word(['name', 'id', 'idNumber', 'login', 'email'], 'of a lookup or user; default: name, of a user login'),
    words: named(text(), 'what is sent in place of a name'),
    joined: text('several values are sent as one text, with this between them'),
    empty: word(
      ['null', 'text', 'list', 'no'],
      'what empties it; no = it cannot be emptied. Default: null, of several values list',
    ),
    format: word(['text', 'html', 'markdown', 'textile', 'jira-wiki']),
    hardBreaks: flag('Markdown: a line end within a paragraph is a line break'),
    time: word(['iso', 'seconds', 'milliseconds', 'sql'], 'of a datetime, in UTC; default: iso'),
    unit: word(['seconds', 'minutes', 'hours'], 'of a duration; default: seconds'),
    values,
    required: flag(),
    readOnly: flag(),
    createOnly: flag(),
    later: flag('a create does not take it: an update follows'),
    unshown: flag('answers do not show it, so what became of it is not compared. For text that only a create takes'),
    multi: flag(),
    custom: flag(),
    integer: flag(),
    maxLength: whole(1, 10_000_000),
  },
);

const times = word(
  ['iso', 'isoSeconds', 'sql', 'seconds', 'milliseconds'],
  'how {from} is written, in UTC: 2026-01-31T08:00:00.000Z, without fractions, 2026-01-31 08:00:00, or since 1970',
);

const changes = variant('feed', {
  time: object(
    {
      feed: exactly('time'),
      list: listing,
      newest: object({}, { get: text(), query }, 'what differs if the newest come first'),
      time: times,
      step: duration('the steps of the clock that filter and order use'),
      settle: duration('after this, no row with an older time appears'),
    },
    {
      bound: word(['from', 'after'], '{from} includes its own time, or may not; default: from'),
      start: text('value of {from} for reading from the beginning; default: the parameter is left out'),
    },
  ),
  token: object(
    {
      feed: exactly('token'),
      list: listing,
      next: path('of the token of the next page'),
      time: times,
      settle: duration('after this, nothing with an older time appears'),
    },
    {
      start: text('value of {from} for reading from the beginning; default: the parameter is left out'),
      end: object(
        { path: path('of a value in the answer') },
        { is: either((v) => typeof v === 'boolean', flag(), anyText()) },
        'this page is the last one; default: it has no items, or its token is the one that was sent',
      ),
    },
    'a list that goes on from a {token}; the first page goes on from the time {from}',
  ),
  sequence: object(
    {
      feed: exactly('sequence'),
      list: listing,
      number: path('of the number of an entry'),
      at: path('of its time'),
      newest: object({}, { get: text(), query }, 'what differs if the newest comes first'),
      settle: duration('after this, no entry with a smaller number appears'),
    },
    {
      entity: path('of the id of the changed entity; default: the entry is the entity'),
      final: list(condition, 1, 'an entity that does not change any more. Others are read again by each poll'),
    },
    'entries with numbers that only grow: builds, transactions, an audit log. {from} is the first number that is wanted',
  ),
  scan: object(
    { feed: exactly('scan'), list: listing, max: whole(1, 20_000, 'more entities are an error') },
    {},
    'for systems without a filter by update time: everything is read and compared',
  ),
});

const body = {
  under: text('property that holds the fields; default: the body itself'),
  also: named(anyText(), 'further properties'),
};

const create = object(
  { post: text() },
  {
    ...body,
    item: path('of the new entity in the answer; default: the answer itself'),
    exact: flag('the answer shows the whole entity as this write made it'),
    marker: object(
      { property: text() },
      { shown: path('of the mark in an entity; default: the property'), max: whole(8, 1_000) },
      "property that holds Twinflow's mark, found by find.marker",
    ),
  },
);

const update = object(
  { method: word(['PUT', 'PATCH', 'POST']), path: text() },
  {
    ...body,
    item: path('of the entity in the answer; default: the answer itself'),
    exact: flag('the answer shows the whole entity as this write made it'),
    ifMatch: text('the entity is read before, and its ETag sent: header, or the path of the ETag in the entity'),
    says: path('of the sentences in the answer; those about what was not done are reported'),
  },
);

const find = object(
  {},
  {
    marker: object({ get: text() }, LIST),
    own: object({ get: text() }, LIST, 'entities that {self} created, the newest first, or since {since}'),
    everything: object({ get: text() }, LIST, 'all entities of a project, in an order that does not change'),
    key: object({ get: text() }, LIST, 'entities with the {key} that people read, if that is not the id'),
  },
);

const type = object(
  {
    id: text(undefined, /^[\w.-]{1,60}$/, 'a name without blanks'),
    name: text(),
    item: object(
      { id: path('of the id, a text or number'), updatedAt: path('of the time of the last change') },
      {
        within: word(['project'], 'the id is unique only in its project'),
        key: text('what people read; default: the id'),
        url: text('of its page'),
        project: path('of its project; default: the project that was asked for'),
        projectAfter: text('the project is what follows this text in its path'),
        createdAt: path('of the time'),
        createdBy: path('of a user'),
        updatedBy: path('of a user'),
        time: word(['iso', 'seconds', 'milliseconds', 'sql'], 'how times are shown, in UTC; default: iso'),
        version: list(path('of a value that changes with each change'), 1, 'besides time and fields'),
        skip: list(condition, 1, 'entries that are something else'),
        gone: list(condition, 1, 'entries that count as deleted'),
      },
    ),
    fields: list(field, 1),
    read: object(
      { get: text() },
      {
        ...GET,
        many: object(
          { get: text(), max: whole(2, 1_000) },
          { query, items: path('of the list'), join: anyText('default: a comma') },
        ),
      },
    ),
    changes,
  },
  { create, update, find },
);

const projects = variant('by', {
  list: object(
    { by: exactly('list'), get: text(), id: path('of the id'), name: path('of the name') },
    { ...LIST, parent: path('of the id of the parent') },
  ),
  one: object({ by: exactly('one'), id: text(), name: text() }, {}, 'a system without projects'),
});

const people = object(
  { id: path('of the id in a user'), login: path('of the login') },
  {
    name: path('of the name'),
    email: path('of the email'),
    byLogin: object(
      { get: text() },
      { query, items: path('of a list; default: the answer is one user'), item: path('of the user') },
      '{login}: one user',
    ),
    byEmail: object({ get: text() }, LIST, '{email}: users'),
    all: object({ get: text() }, LIST, 'users of a project'),
  },
);

const identity = object(
  { get: text(), server: text('name of the product') },
  {
    query,
    item: path('of the user in the answer'),
    version: path('of the version'),
    timeZone: path('of the IANA name'),
    loginSetting: text('name of the setting with the login, if the answer does not show the user'),
  },
);

export const connectorShape = object(
  {
    connector: exactly(1, 'the format'),
    kind: text('saved in flows: never changes', /^[a-z][a-z\d-]{1,40}$/, 'a name such as my-tracker'),
    label: text(),
    category: word(['alm', 'test', 'scm', 'build', 'itsm']),
    settings: list(setting, 1),
    http: object(
      { base: text('{setting.url} and a path below it, or a fixed https:// address'), errors },
      {
        encode: word(['percent', 'form'], 'a blank in a parameter: %20 or +; default: percent'),
        headers: named(anyText()),
        auth,
        concurrency: whole(1, 8, 'requests at a time for writes; default: 2'),
      },
    ),
    identity,
    projects,
    types: list(type, 1),
  },
  { docs: text(), verified: text('what it was run against'), people, $schema: anyText() },
  'A system that Twinflow reads and writes, as data',
);

export type ConnectorFile = Of<typeof connectorShape>;
export type DeclaredType = ConnectorFile['types'][number];
export type DeclaredField = Of<typeof field>;
export type DeclaredList = Of<typeof listing>;
export type DeclaredPaging = Of<typeof paging>;
export type DeclaredValues = Of<typeof values>;
export type DeclaredQuery = Of<typeof query>;
export type Condition = Of<typeof condition>;
export type TimeFeed = Extract<DeclaredType['changes'], { feed: 'time' }>;
export type TokenFeed = Extract<DeclaredType['changes'], { feed: 'token' }>;
export type SequenceFeed = Extract<DeclaredType['changes'], { feed: 'sequence' }>;
export type ScanFeed = Extract<DeclaredType['changes'], { feed: 'scan' }>;
export type TimeForm = Of<typeof times>;

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a checked duration. */
export const msOf = (duration: string): number => {
  const [, count = '0', unit = 's'] = /^(\d+)(\w+)$/.exec(duration) ?? [];
  return Number(count) * (UNITS[unit] ?? 1);
};

/** JSON Schema for editors, draft 07. */
export const connectorSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Twinflow connector, format 1',
  ...connectorShape.schema,
};
