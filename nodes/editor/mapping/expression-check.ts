/** Expressions in the browser: the editor provides Node-RED's own parser. */

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

/** The parser's error for an expression; undefined if it is valid, or there is no parser. */
export const browserFault = (expression: string): string | undefined => {
  const result = parse(expression);
  return 'fault' in result ? result.fault : undefined;
};

/** The fields that an expression reads; undefined if it cannot be parsed. */
export function browserReads(expression: string, find: FindField): Reads | undefined {
  const result = parse(expression);
  return 'tree' in result && result.tree !== undefined ? treeReads(result.tree, find) : undefined;
}

export const browserCheck: ExpressionCheck = { fault: browserFault, reads: browserReads };
