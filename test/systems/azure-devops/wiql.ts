/**
 * The part of WIQL that is used, parsed strictly (https://learn.microsoft.com/azure/devops/boards/queries/wiql-syntax):
 * SELECT [System.Id] FROM WorkItems WHERE conditions joined by AND, OR and NOT, in brackets, ORDER BY fields. Anything else is a syntax
 * error.
 */

import { ApiError } from './answer';
import { fieldByName } from './process';

export type Literal =
  | { kind: 'text'; value: string }
  | { kind: 'number'; value: number }
  | { kind: 'me' }
  | { kind: 'boolean'; value: boolean };

export interface Condition {
  field: string;
  operator: '=' | '<>' | '>' | '>=' | '<' | '<=' | 'IN' | 'CONTAINS';
  values: Literal[];
}

export type Clause =
  | { kind: 'all'; clauses: Clause[] }
  | { kind: 'any'; clauses: Clause[] }
  | { kind: 'not'; clause: Clause }
  | { kind: 'test'; condition: Condition };

export interface Query {
  where: Clause;
  order: { field: string; descending: boolean }[];
}

const TOKEN = /\s*(\[[\w.]+\]|'(?:[^']|'')*'|-?\d+(?:\.\d+)?|@Me\b|<>|>=|<=|[=<>(),]|[A-Za-z]+)/y;

const syntax = (message: string) =>
  new ApiError(400, 'SyntaxException', `TF51006: The query statement is missing or wrong. ${message}`);

export function parseWiql(text: string): Query {
  if (text.length > 32_000)
    throw new ApiError(
      400,
      'WorkItemTrackingQueryMaxWiqlTextLengthLimitExceededException',
      'VS402335: The query is too long.',
    );
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match?.[1]) throw syntax(`Cannot read «${text.slice(at, at + 20)}»`);
    tokens.push(match[1]);
  }
  let index = 0;
  const peek = () => tokens[index] ?? '';
  const next = () => tokens[index++] ?? '';
  const expect = (...words: string[]) => {
    for (const word of words) if (next().toUpperCase() !== word.toUpperCase()) throw syntax(`${word} expected`);
  };
  const field = (): string => {
    const token = next();
    const definition = fieldByName.get(token.slice(1, -1).toLowerCase());
    if (!token.startsWith('[')) throw syntax('field expected');
    if (!definition)
      throw new ApiError(
        400,
        'SyntaxException',
        `TF51005: The query references a field that does not exist: ${token.slice(1, -1)}.`,
      );
    return definition.referenceName;
  };
  const literal = (): Literal => {
    const token = next();
    if (token.startsWith("'")) return { kind: 'text', value: token.slice(1, -1).replaceAll("''", "'") };
    if (/^-?\d/.test(token)) return { kind: 'number', value: Number(token) };
    if (token === '@Me') return { kind: 'me' };
    if (/^(true|false)$/i.test(token)) return { kind: 'boolean', value: token.toLowerCase() === 'true' };
    throw syntax(`value expected, not ${token}`);
  };

  expect('SELECT');
  if (field() !== 'System.Id') throw syntax('only [System.Id] is selected here');
  expect('FROM', 'WorkItems', 'WHERE');
  const where = any();
  const order: Query['order'] = [];
  if (peek() !== '') {
    expect('ORDER', 'BY');
    do {
      if (order.length > 0) expect(',');
      const name = field();
      const direction = /^(asc|desc)$/i.test(peek()) ? next().toUpperCase() : 'ASC';
      order.push({ field: name, descending: direction === 'DESC' });
    } while (peek() === ',');
  }
  if (peek() !== '') throw syntax(`end expected, not ${peek()}`);
  return { where, order };

  function any(): Clause {
    const clauses = [all()];
    while (peek().toUpperCase() === 'OR') {
      expect('OR');
      clauses.push(all());
    }
    return { kind: 'any', clauses };
  }

  function all(): Clause {
    const clauses = [one()];
    while (peek().toUpperCase() === 'AND') {
      expect('AND');
      clauses.push(one());
    }
    return { kind: 'all', clauses };
  }

  function one(): Clause {
    if (peek().toUpperCase() === 'NOT') {
      expect('NOT');
      return { kind: 'not', clause: one() };
    }
    if (peek() !== '(') return { kind: 'test', condition: simple() };
    expect('(');
    const inner = any();
    expect(')');
    return inner;
  }

  function simple(): Condition {
    const name = field();
    const operator = next().toUpperCase();
    const type = fieldByName.get(name.toLowerCase())?.type;
    if (type === 'html' || type === 'plainText' || type === 'history')
      throw syntax(`${name} is a long text: only CONTAINS WORDS`);
    if (operator === 'IN') {
      expect('(');
      const values = [literal()];
      while (peek() === ',') {
        expect(',');
        values.push(literal());
      }
      expect(')');
      return { field: name, operator: 'IN', values };
    }
    switch (operator) {
      case '=':
      case '<>':
      case '>':
      case '>=':
      case '<':
      case '<=':
      case 'CONTAINS':
        return { field: name, operator, values: [literal()] };
      default:
        throw syntax(`operator expected, not ${operator}`);
    }
  }
}

/** @param shown the value as compared: text, number (also for times), boolean, or undefined */
export function holds(
  { operator, values }: Condition,
  shown: unknown,
  type: string,
  me: string,
  timePrecision: boolean,
): boolean {
  const compare = (literal: Literal): number | undefined => {
    const wanted = comparableOf(literal, type, me, timePrecision);
    if (typeof wanted === 'string') {
      const text = typeof shown === 'string' ? shown.toLowerCase() : '';
      return text < wanted ? -1 : text > wanted ? 1 : 0;
    }
    if (shown === undefined) return undefined;
    const number = Number(shown);
    return number - Number(wanted);
  };
  if (operator === 'CONTAINS') {
    const text = typeof shown === 'string' ? shown.toLowerCase() : '';
    return values.some((one) => one.kind === 'text' && text.includes(one.value.toLowerCase()));
  }
  const results = values.map(compare);
  if (operator === 'IN') return results.some((one) => one === 0);
  const [result] = results;
  if (result === undefined) return false;
  if (operator === '=') return result === 0;
  if (operator === '<>') return result !== 0;
  if (operator === '>') return result > 0;
  if (operator === '>=') return result >= 0;
  return operator === '<' ? result < 0 : result <= 0;
}

function comparableOf(literal: Literal, type: string, me: string, timePrecision: boolean): string | number | boolean {
  if (literal.kind === 'me') return me.toLowerCase();
  if (literal.kind !== 'text') return literal.value;
  if (type !== 'dateTime') return literal.value.toLowerCase();
  const time = Date.parse(literal.value);
  if (Number.isNaN(time)) throw syntax(`'${literal.value}' is no date`);
  if (!timePrecision && /\d:\d/.test(literal.value)) {
    throw new ApiError(
      400,
      'QueryException',
      'TF51588: You cannot supply a time with the date when running a query using date precision.',
    );
  }
  return time;
}
