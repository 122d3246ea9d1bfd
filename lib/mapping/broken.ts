/**
 * What of a saved node cannot be read: properties and rows of a flow that was edited by hand, damaged, or made by another
 * program. They are left out, or get their default, and that must not go unnoticed. In sentences that name row and field. Pure.
 */

import { type Fault, isObject } from '../model/shape';
import type { NodeType } from '../saved';
import { SETTINGS } from './node-settings';

/** Sentences for one node. */
const MOST = 10;
const LONGEST = 60;

/** What people call an entry of these lists. */
const ENTRIES: Readonly<Record<string, string>> = {
  projectPairs: 'Project pair',
  typePairs: 'Type pair',
  conditions: 'Condition',
  rows: 'Row',
  domains: 'Domain rule',
};

type Path = readonly (string | number)[];

/** @param saved a node's properties in today's shape. @returns a sentence for each thing, none where all can be read */
export function brokenIn(type: NodeType, saved: object): string[] {
  const told: string[] = [];
  SETTINGS[type](saved, (path, fault) => told.push(sentence(saved, path, fault)));
  if (told.length <= MOST) return told;
  return [...told.slice(0, MOST), `${told.length - MOST} more could not be read.`];
}

function sentence(saved: object, path: Path, fault: Fault): string {
  const [property = '', place] = path;
  const entry = ENTRIES[property];
  const isEntry = entry !== undefined && typeof place === 'number';
  const row = valueAt(saved, path.slice(0, 2));
  const field = path
    .slice(isEntry ? 2 : 0)
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
  const where = [
    ...(isEntry ? [`${entry} ${place + 1}${namesOf(row)}`] : []),
    ...(field === '' ? [] : [`"${field}"`]),
  ].join(': ');
  const instead = entry === undefined ? 'The default is used.' : 'It is not used.';
  switch (fault.is) {
    case 'missing':
      return `${where} is missing. What needs it is not used.`;
    case 'unknown':
      return `${where} has the value "${fault.word.slice(0, LONGEST)}", which is not known. ${isEntry ? 'The default is used, or the entry is left out.' : instead}`;
    case 'unreadable':
      if (fault.wanted === undefined) return `${where} cannot be read, and is not used.`;
      return `${where} is ${shown(valueAt(saved, path))}, not ${fault.wanted}. ${instead}`;
  }
}

const valueAt = (saved: object, path: Path): unknown =>
  path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
    return isObject(value) ? value[step] : undefined;
  }, saved);

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  return JSON.stringify(value)?.slice(0, LONGEST) ?? 'nothing';
}

/** The fields that a row is about, as far as they can be told: " (Summary ↔ Title)". */
function namesOf(row: unknown): string {
  if (!isObject(row)) return '';
  const names = [row.one, row.two, row.field].flatMap((end) => {
    const name = isObject(end) ? (end.name ?? end.id) : undefined;
    return typeof name === 'string' && name !== '' ? [name.slice(0, LONGEST)] : [];
  });
  return names.length === 0 ? '' : ` (${names.join(' ↔ ')})`;
}
