/** Expressions in the browser: the editor has Node-RED's own parser on its page. */

import type { ExpressionCheck } from '../../../lib/mapping/coverage';
import type { FindField, Reads } from '../../../lib/mapping/transform';
import { jsonataMessage, treeReads } from '../../../lib/mapping/transform-reads';

const parsed = new Map<string, { tree: unknown } | { fault: string }>();
const MOST_KEPT = 500;

function parse(expression: string): { tree: unknown } | { fault: string } {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const parser = window.jsonata;
  if (parser === undefined) return { tree: undefined };
  let result: { tree: unknown } | { fault: string };
  try {
    result = { tree: parser(expression).ast() };
  } catch (thrown) {
    result = { fault: jsonataMessage(thrown) };
  }
  if (parsed.size >= MOST_KEPT) parsed.clear();
  parsed.set(expression, result);
  return result;
}

/** The parser's complaint about an expression; undefined where it is one, or nobody can tell. */
export const browserFault = (expression: string): string | undefined => {
  const result = parse(expression);
  return 'fault' in result ? result.fault : undefined;
};

/** The fields an expression reads; undefined where it can't be parsed. */
export function browserReads(expression: string, find: FindField): Reads | undefined {
  const result = parse(expression);
  return 'tree' in result && result.tree !== undefined ? treeReads(result.tree, find) : undefined;
}

export const browserCheck: ExpressionCheck = { fault: browserFault, reads: browserReads };
