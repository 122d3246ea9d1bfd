/**
 * Reads a connector file, YAML or JSON. A file is data from its author: it is bounded in size, depth and aliases, has no tags, and every
 * key is known. Pure.
 */

import { LineCounter, parseDocument } from 'yaml';
import { append } from '../../model/lists';
import { type ConnectorFile, connectorShape } from './format';
import { lint } from './lint';
import type { Finding, Place } from './shape';

/** Characters. The largest one that ships has 7,000. */
const LONGEST = 200_000;
/** An alias may stand for much, and that for much more. */
const MOST_ALIASES = 50;
/** Brackets within brackets. The parser needs seconds to fail on a hundred thousand. */
const DEEPEST = 200;
const MOST_TOLD = 20;

export type Loaded = { file: ConnectorFile } | { problems: string[] };

function isDeep(text: string): boolean {
  let depth = 0;
  for (const sign of text) {
    if (sign === '[' || sign === '{') depth += 1;
    else if ((sign === ']' || sign === '}') && depth > 0) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** `types[0].fields[2].id` */
export const placeText = (place: Place): string =>
  place.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');

/**
 * @param name of the file, for the problems
 * @returns problems as `name:line: place: what is expected`
 */
export function loadConnector(text: string, name: string): Loaded {
  if (text.length > LONGEST) return { problems: [`${name}: longer than ${LONGEST} characters`] };
  if (isDeep(text)) return { problems: [`${name}: nested too deeply`] };
  const lines = new LineCounter();
  let value: unknown;
  let lineOf = (_place: Place): number | undefined => undefined;
  try {
    const document = parseDocument(text, {
      ...{ schema: 'core', version: '1.2', lineCounter: lines, uniqueKeys: true, merge: false, prettyErrors: false },
    });
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      // the parser ran out of stack: all that follows is a consequence
      if (faults.some(({ message }) => /call stack/.test(message))) throw new RangeError();
      const told = faults.slice(0, MOST_TOLD);
      return { problems: told.map(({ message, pos }) => `${name}:${lines.linePos(pos[0]).line}: ${message}`) };
    }
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
    lineOf = (place) => {
      for (let length = place.length; length >= 0; length--) {
        const node: unknown = document.getIn(place.slice(0, length), true);
        if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) continue;
        return lines.linePos(Number(node.range[0])).line;
      }
      return undefined;
    };
  } catch (thrown) {
    const why =
      thrown instanceof RangeError ? 'nested too deeply' : String(thrown instanceof Error ? thrown.message : thrown);
    return { problems: [`${name}: ${why}`] };
  }
  const found: Finding[] = [];
  const file = connectorShape.read(value, [], found);
  if (file) append(found, lint(file));
  if (file && found.length === 0) return { file };
  return {
    problems: found.slice(0, MOST_TOLD).map(({ place, says }) => {
      const line = lineOf(place);
      return `${name}${line === undefined ? '' : `:${line}`}: ${placeText(place)}${place.length > 0 ? ': ' : ''}${says}`;
    }),
  };
}
