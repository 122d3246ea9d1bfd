/** Expressions in the Node-RED server: parsed by the jsonata package. The forms use the editor's own parser. */

import jsonata = require('jsonata');

import type { ExpressionCheck } from './coverage';
import type { ExpressionReads, Reads } from './transform';
import { jsonataMessage, treeReads } from './transform-reads';

/** @throws Error with the parser's message if the text is not a valid expression */
export const expressionReads: ExpressionReads = (expression, find): Reads => {
  return treeReads(parse(expression), find);
};

function parse(expression: string): unknown {
  try {
    return jsonata(expression).ast();
  } catch (thrown) {
    throw new Error(jsonataMessage(thrown));
  }
}

/** The parser's error for an expression, or undefined if it is valid. */
export function expressionFault(expression: string): string | undefined {
  try {
    parse(expression);
    return undefined;
  } catch (thrown) {
    return jsonataMessage(thrown);
  }
}

export const expressionCheck: ExpressionCheck = { fault: expressionFault, reads: expressionReads };

/** True if an expression uses one of these helpers. */
export const usesHelper = (expression: string, helpers: string[]): boolean =>
  helpers.some((helper) => new RegExp(`\\$${helper}\\s*\\(`).test(expression));
