/** JQL over the stand-in's index. Unknown fields, functions and values are refused as Jira does. */

import type { Issue } from './issue';
import { type Clause, JqlError, type Operand, parseJql, type Query } from './jql';
import { PEOPLE, type Person, PRIORITIES, PROJECTS, RESOLUTIONS, STATUSES } from './seed';
import type { Site } from './site';
import { timeOfWallClock } from './zone';

export interface SearchContext {
  site: Site;
  viewer: Person;
  /** ids of issues that the query must see as they are */
  fresh: ReadonlySet<string>;
  /** update times are compared as an index of this grain has them, milliseconds */
  grainMs: number;
  /** values that are not there are errors */
  validate: boolean;
}

/** In the order asked for. @throws JqlError */
export function search(jql: string, context: SearchContext): Issue[] {
  const query = parseJql(jql);
  const { site } = context;
  if (site.isCloud && !query.where) {
    throw new JqlError('Unbounded JQL queries are not allowed here. Please add a search restriction to your query.');
  }
  const issues = site.indexed(context.fresh).filter((issue) => site.sees(context.viewer, issue));
  const { where } = query;
  const test = where ? compile(where, context) : () => true;
  return sort(issues.filter(test), query, context);
}

type Test = (issue: Issue) => boolean;

function compile(clause: Clause, context: SearchContext): Test {
  if (clause.kind === 'test') return compileTest(clause, context);
  if (clause.kind === 'not') {
    const test = compile(clause.clause, context);
    return (issue) => !test(issue);
  }
  const tests = clause.clauses.map((one) => compile(one, context));
  return clause.kind === 'and'
    ? (issue) => tests.every((one) => one(issue))
    : (issue) => tests.some((one) => one(issue));
}

type TestClause = Extract<Clause, { kind: 'test' }>;

function compileTest(clause: TestClause, context: SearchContext): Test {
  const { field, operator } = clause;
  switch (field) {
    case 'project':
      return among(
        clause,
        context.site
          .projects()
          .filter(({ id }) => !context.site.archived.has(id))
          .map(({ id, key, name }) => ({ id, names: [key, name] })),
        ({ project }) => project,
        context,
      );
    case 'issuetype':
    case 'type':
      return among(
        clause,
        context.site.types().map(({ id, name }) => ({ id, names: [name] })),
        ({ type }) => type,
        context,
      );
    case 'status':
      return among(
        clause,
        STATUSES.map(({ id, name }) => ({ id, names: [name] })),
        ({ status }) => status,
        context,
      );
    case 'priority':
      return among(
        clause,
        PRIORITIES.map(({ id, name }) => ({ id, names: [name] })),
        ({ values }) => values.priority,
        context,
      );
    case 'resolution':
      return among(
        clause,
        RESOLUTIONS.map(({ id, name }) => ({ id, names: [name] })),
        ({ values }) => values.resolution,
        context,
      );
    case 'creator':
    case 'assignee':
    case 'reporter':
      return person(clause, context);
    case 'created':
    case 'updated':
      return time(clause, context);
    case 'id':
    case 'key':
    case 'issue':
    case 'issuekey':
      return byKey(clause, context);
    case 'labels': {
      const some = ({ values }: Issue) => Array.isArray(values.labels) && values.labels.length > 0;
      if (isEmptiness(clause)) return (issue) => some(issue) === (operator === 'is not');
      const wanted = clause.operands.map(textOf);
      if (operator !== '=' && operator !== 'in') return unsupported(clause);
      return ({ values }) => Array.isArray(values.labels) && values.labels.some((one) => wanted.includes(String(one)));
    }
    default:
      return custom(clause, context);
  }
}

function custom(clause: TestClause, { site }: SearchContext): Test {
  const number = /^cf\[(\d+)\]$/.exec(clause.field)?.[1];
  const field = site.field(number === undefined ? clause.field : `customfield_${number}`);
  if (!field) throw new JqlError(`Field '${clause.field}' does not exist or you do not have permission to view it.`);
  const [operand] = clause.operands;
  if (!operand) return unsupported(clause);
  if (isEmptiness(clause)) {
    const some = ({ values }: Issue) => ![null, undefined, ''].includes(emptyOf(values[field.id]));
    return (issue) => some(issue) === (clause.operator === 'is not');
  }
  if (field.kind === 'line' || field.kind === 'area') {
    if (clause.operator !== '~') return unsupported(clause);
    const words = wordsOf(textOf(operand));
    if (words.length === 0)
      throw new JqlError(`The field '${field.name}' does not support searching for an empty string.`);
    const isPhrase = /^".*"$/s.test(textOf(operand));
    return ({ values }) => {
      const held = wordsOf(JSON.stringify(values[field.id] ?? ''));
      if (isPhrase) return ` ${held.join(' ')} `.includes(` ${words.join(' ')} `);
      return words.every((word) => held.includes(word));
    };
  }
  if (field.kind === 'number' && operand.kind === 'number' && clause.operator === '=')
    return ({ values }) => values[field.id] === operand.value;
  if (clause.operator !== '=') return unsupported(clause);
  const text = textOf(operand);
  if (field.kind === 'labels') return ({ values }) => [values[field.id]].flat().includes(text);
  const options = (field.options ?? []).filter(({ id, value }) => value === text || id === text).map(({ id }) => id);
  if (options.length === 0) throw new JqlError(`The option '${text}' for field '${field.name}' does not exist.`);
  return ({ values }) => [values[field.id]].flat().some((one) => options.includes(String(one)));
}

/** IS EMPTY, IS NOT EMPTY. */
const isEmptiness = ({ operator, operands: [one] }: TestClause): boolean =>
  (operator === 'is' || operator === 'is not') && one?.kind === 'empty';

/** The value, or null for an empty list. */
const emptyOf = (value: unknown): string | null | undefined =>
  Array.isArray(value) && value.length === 0 ? null : value === undefined || value === null ? null : String(value);

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function unsupported({ field, operator }: TestClause): never {
  throw new JqlError(`The operator '${operator}' is not supported by the '${field}' field.`);
}

function textOf(operand: Operand): string {
  if (operand.kind === 'call') throw new JqlError(`Unable to find JQL function '${operand.name}()'.`);
  if (operand.kind === 'empty') throw new JqlError("The value 'EMPTY' is not supported here.");
  return String(operand.value);
}

function among(
  clause: TestClause,
  list: { id: string; names: string[] }[],
  held: (issue: Issue) => unknown,
  { validate }: SearchContext,
): Test {
  const { operator, operands, field } = clause;
  if (operator === 'is' || operator === 'is not') return (issue) => !held(issue) === (operator === 'is');
  if (!['=', '!=', 'in', 'not in'].includes(operator)) return unsupported(clause);
  const ids = new Set<string>();
  for (const operand of operands) {
    const text = textOf(operand);
    const found = list.filter(
      ({ id, names }) => id === text || names.some((name) => name.toLowerCase() === text.toLowerCase()),
    );
    if (found.length === 0 && validate)
      throw new JqlError(`The value '${text}' does not exist for the field '${field}'.`);
    for (const { id } of found) ids.add(id);
  }
  const positive = operator === '=' || operator === 'in';
  return (issue) => ids.has(String(held(issue))) === positive;
}

function person(clause: TestClause, { site, viewer, validate }: SearchContext): Test {
  const { field, operator, operands } = clause;
  const held = (issue: Issue) => (field === 'creator' ? issue.creator : issue.values[field]);
  if (isEmptiness(clause)) return (issue) => !held(issue) === (operator === 'is');
  if (!['=', 'in'].includes(operator)) return unsupported(clause);
  const logins = operands.map((operand) => {
    if (operand.kind === 'call' && operand.name.toLowerCase() === 'currentuser') return viewer.login;
    const text = textOf(operand);
    const found = PEOPLE.find(({ accountId, login }) => text === (site.isCloud ? accountId : login));
    if (!found && validate) throw new JqlError(`The value '${text}' does not exist for the field '${field}'.`);
    return found?.login;
  });
  return (issue) => logins.includes(String(held(issue) ?? ''));
}

/** A quoted date is of the account's zone; a bare number is milliseconds since 1970. */
function time(clause: TestClause, { site, grainMs }: SearchContext): Test {
  const { field, operator, operands } = clause;
  const [operand] = operands;
  if (!operand || !['<', '<=', '>', '>=', '='].includes(operator)) return unsupported(clause);
  const bound = operand.kind === 'number' ? operand.value : dateOf(operand, field, site);
  return (issue) => {
    const at = Math.floor((field === 'created' ? issue.created : issue.updated) / grainMs) * grainMs;
    if (operator === '<') return at < bound;
    if (operator === '<=') return at <= bound;
    if (operator === '>') return at > bound;
    return operator === '>=' ? at >= bound : at === bound;
  };
}

function dateOf(operand: Operand, field: string, site: Site): number {
  if (operand.kind === 'call' && operand.name.toLowerCase() === 'now') return site.options.now();
  const text = textOf(operand);
  const [, year, month, day, hour, minute] = /^(\d{4})[-/](\d\d?)[-/](\d\d?)(?: (\d\d?):(\d\d))?$/.exec(text) ?? [];
  if (year)
    return timeOfWallClock(
      site.timeZone,
      Number(year),
      Number(month),
      Number(day),
      Number(hour ?? 0),
      Number(minute ?? 0),
    );
  const [, count, unit = ''] = /^(-?\d+)([mhdw])$/.exec(text) ?? [];
  const minutes: Record<string, number> = { m: 1, h: 60, d: 1_440, w: 10_080 };
  if (count) return site.options.now() + Number(count) * (minutes[unit] ?? 1) * 60_000;
  throw new JqlError(
    `Date value '${text}' for field '${field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', ` +
      "'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
  );
}

function byKey(clause: TestClause, { site, validate }: SearchContext): Test {
  const { operator, operands, field } = clause;
  if (!['=', 'in'].includes(operator)) return unsupported(clause);
  const ids = operands.map((operand) => {
    const text = textOf(operand);
    const found = site.find(text);
    if (!found && validate) throw new JqlError(`An issue with key '${text}' does not exist for field '${field}'.`);
    return found?.id;
  });
  return ({ id }) => ids.includes(id);
}

function sort(issues: Issue[], { order }: Query, { grainMs }: SearchContext): Issue[] {
  const keys = order.map(({ field, descending }) => {
    const read: Record<string, (issue: Issue) => number> = {
      updated: ({ updated }) => Math.floor(updated / grainMs) * grainMs,
      created: ({ created }) => created,
      key: ({ project, number }) => PROJECTS.findIndex(({ id }) => id === project) * 1e9 + number,
    };
    const value = read[field];
    if (!value) throw new JqlError(`Not able to sort using field '${field}'.`);
    return { value, sign: descending ? -1 : 1 };
  });
  return [...issues].sort((a, b) => {
    for (const { value, sign } of keys) {
      const difference = value(a) - value(b);
      if (difference !== 0) return sign * difference;
    }
    return Number(b.id) - Number(a.id);
  });
}
