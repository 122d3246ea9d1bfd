/**
 * The part of JQL that connectors use, parsed strictly: what isn't understood is refused with Jira's words, never guessed.
 * https://support.atlassian.com/jira-software-cloud/docs/what-is-advanced-search-in-jira-cloud/
 */

export class JqlError extends Error {}

export type Operand =
  | { kind: 'number'; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'call'; name: string }
  | { kind: 'empty' };

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~' | 'in' | 'not in' | 'is' | 'is not';

export type Clause =
  | { kind: 'and' | 'or'; clauses: Clause[] }
  | { kind: 'not'; clause: Clause }
  | { kind: 'test'; field: string; operator: Operator; operands: Operand[] };

export interface Query {
  where: Clause | undefined;
  order: { field: string; descending: boolean }[];
}

interface Token {
  kind: 'word' | 'number' | 'text' | 'sign' | 'end';
  text: string;
}

const TOKEN =
  /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(-?\d+(?![\w.]))|(-?\d+[mhdwyM]\b|cf\[\d+\]|[A-Za-z_][\w.]*)|(!=|<=|>=|[=<>~(),]))/y;

function tokensOf(jql: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (jql.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(jql);
    if (!match)
      throw new JqlError(
        `Error in the JQL Query: The character '${jql.slice(at).trim()[0]}' is a reserved JQL character. You must enclose it in a string or use the escape. (line 1, character ${at + 1})`,
      );
    const [, double, single, number, word, sign] = match;
    const quoted = double ?? single;
    if (quoted !== undefined) {
      const illegal = /\\([^"'\\nrt ])/.exec(quoted);
      if (illegal) throw new JqlError(`Error in the JQL Query: '\\${illegal[1]}' is an illegal JQL escape sequence.`);
      tokens.push({ kind: 'text', text: quoted.replace(/\\(.)/g, '$1') });
    } else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
    at = TOKEN.lastIndex;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

/** @throws JqlError */
export function parseJql(jql: string): Query {
  return new Parser(tokensOf(jql)).query();
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: Token[]) {}

  query(): Query {
    const where = this.isWord('order') || this.peek().kind === 'end' ? undefined : this.or();
    const order: Query['order'] = [];
    if (this.takeWord('order')) {
      if (!this.takeWord('by')) this.fail('by');
      do {
        const field = this.next();
        if (field.kind !== 'word') this.fail('a field name', field);
        const descending = this.takeWord('desc');
        if (!descending) this.takeWord('asc');
        order.push({ field: field.text.toLowerCase(), descending });
      } while (this.takeSign(','));
    }
    if (this.peek().kind !== 'end') this.fail("'AND', 'OR' or 'ORDER BY'", this.peek());
    return { where, order };
  }

  private or(): Clause {
    const clauses = [this.and()];
    while (this.takeWord('or')) clauses.push(this.and());
    return clauses.length === 1 && clauses[0] ? clauses[0] : { kind: 'or', clauses };
  }

  private and(): Clause {
    const clauses = [this.test()];
    while (this.takeWord('and')) clauses.push(this.test());
    return clauses.length === 1 && clauses[0] ? clauses[0] : { kind: 'and', clauses };
  }

  private test(): Clause {
    if (this.takeWord('not')) return { kind: 'not', clause: this.test() };
    if (this.takeSign('(')) {
      const inner = this.or();
      if (!this.takeSign(')')) this.fail("')'", this.peek());
      return inner;
    }
    const field = this.next();
    if (field.kind !== 'word' && field.kind !== 'text') this.fail('a field name', field);
    const operator = this.operator();
    const list = operator === 'in' || operator === 'not in';
    const operands = list ? this.list() : [this.operand()];
    return { kind: 'test', field: field.text.toLowerCase(), operator, operands };
  }

  private operator(): Operator {
    const token = this.next();
    if (token.kind === 'sign') {
      for (const sign of ['=', '!=', '<', '<=', '>', '>=', '~'] as const) if (token.text === sign) return sign;
    }
    const word = token.kind === 'word' ? token.text.toLowerCase() : '';
    if (word === 'in') return 'in';
    if (word === 'not' && this.takeWord('in')) return 'not in';
    if (word === 'is') return this.takeWord('not') ? 'is not' : 'is';
    return this.fail('an operator', token);
  }

  private list(): Operand[] {
    if (!this.takeSign('(')) this.fail("'('", this.peek());
    const operands: Operand[] = [];
    do operands.push(this.operand());
    while (this.takeSign(','));
    if (!this.takeSign(')')) this.fail("')'", this.peek());
    return operands;
  }

  private operand(): Operand {
    const token = this.next();
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'text', value: token.text };
    if (token.kind !== 'word') return this.fail('a value', token);
    if (this.takeSign('(')) {
      if (!this.takeSign(')')) this.fail("')'", this.peek());
      return { kind: 'call', name: token.text };
    }
    if (/^(empty|null)$/i.test(token.text)) return { kind: 'empty' };
    if (/^(and|or|not|in|is|order|by|was|changed)$/i.test(token.text)) {
      throw new JqlError(
        `Error in the JQL Query: '${token.text}' is a reserved JQL word. You must surround it in quotation marks to use it in a query.`,
      );
    }
    return { kind: 'text', value: token.text };
  }

  private peek(): Token {
    return this.tokens[this.at] ?? { kind: 'end', text: '' };
  }

  private next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  private isWord(word: string): boolean {
    const token = this.peek();
    return token.kind === 'word' && token.text.toLowerCase() === word;
  }

  private takeWord(word: string): boolean {
    const is = this.isWord(word);
    if (is) this.at++;
    return is;
  }

  private takeSign(sign: string): boolean {
    const token = this.peek();
    const is = token.kind === 'sign' && token.text === sign;
    if (is) this.at++;
    return is;
  }

  private fail(expected: string, token = this.peek()): never {
    throw new JqlError(
      `Error in the JQL Query: Expecting ${expected} but got '${token.text || 'the end of the query'}'.`,
    );
  }
}
