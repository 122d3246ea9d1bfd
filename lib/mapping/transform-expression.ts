/** Expressions as Node-RED's server knows them: parsed by the jsonata package. The forms have the editor's own parser. */

import jsonata = require('jsonata');

import type { ExpressionCheck } from './coverage';
import type { ExpressionReads, Reads } from './transform';
import { jsonataMessage, treeReads } from './transform-reads';

/** @throws Error with the parser's message where the text is no expression */
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

/** The parser's complaint about an expression, or undefined where it is one. */
export function expressionFault(expression: string): string | undefined {
  try {
    parse(expression);
    return undefined;
  } catch (thrown) {
    return jsonataMessage(thrown);
  }
}

export const expressionCheck: ExpressionCheck = { fault: expressionFault, reads: expressionReads };

/** True where an expression uses one of these helpers. */
export const usesHelper = (expression: string, helpers: string[]): boolean =>
  helpers.some((helper) => new RegExp(`\\$${helper}\\s*\\(`).test(expression));
