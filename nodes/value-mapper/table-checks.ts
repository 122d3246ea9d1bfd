/**
 * Findings about a value table: values without a match, values that come back as others, values that never become
 * stable. Also exports the table as a workbook, for viewing or completing it elsewhere.
 */

import { unmappedValues } from '../../lib/mapping/coverage';
import { roundTrip } from '../../lib/mapping/round-trip';
import type { ExportedTable } from '../../lib/mapping/tables/shapes';
import { askedSheet, returningAsOthers, withSheetPairs } from '../../lib/mapping/tables/totality';
import type { WithoutCounterpart } from '../../lib/mapping/users';
import type { RowSheet } from '../../lib/mapping/values';
import type { ValuePair, ValueRow } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { LookupValue } from '../../lib/model/values';
import { fileName } from '../editor';
import { type Lists, personName, tableTitle } from '../editor/mapping';
import { pairOf, type Unmatched } from './people-checks';
import { lookUpInSheet } from './sheet-requests';

const MOST_SHOWN = 10;
const MOST_MISSING = 200;

export interface WholeTable {
  /** the table with the sheet's matches for the lists' values */
  whole: ValueRow;
  /** these matches alone; undefined if it has no sheet */
  sheet?: RowSheet;
}

/** @throws Error if the sheet cannot be read */
export async function wholeTable(table: ValueRow, [ones = [], twos = []]: Lists): Promise<WholeTable> {
  const found = await lookUpInSheet(table, ones, twos);
  if (found === undefined) return { whole: table };
  return {
    whole: withSheetPairs(table, ones, twos, found),
    sheet: askedSheet(table, ones, twos, found).get(table),
  };
}

export interface CheckOptions {
  text: (key: string, variables?: Record<string, unknown>) => string;
  /** the user wants a pair for a value that has none */
  onAdd: (pair: Partial<ValuePair>) => void;
}

/** Adds the checks' results to the box. @param table the result of `wholeTable` */
export function showChecks(box: JQuery, table: ValueRow, [ones, twos]: Lists, options: CheckOptions): void {
  if (ones) showMissing(box, 1, unmappedValues(table, 'forward', ones, twos), options);
  if (twos) showMissing(box, 2, unmappedValues(table, 'backward', twos, ones), options);
  if (ones && twos) showReturns(box, table, ones, twos, options);
}

function showMissing(box: JQuery, side: Side, values: LookupValue[], { text, onAdd }: CheckOptions): void {
  if (values.length === 0) return;
  const line = $('<div class="twinflow-message twinflow-warning">').appendTo(box);
  const arrow = side === 1 ? '→' : '←';
  line.append($('<span>').text(`${arrow} ${text('missing', { count: values.length })} `));
  values.slice(0, MOST_MISSING).forEach((value, index) => {
    if (index > 0) line.append(', ');
    $('<button type="button" class="twinflow-link">')
      .text(value.name)
      .attr('data-id', value.id ?? value.name)
      .on('click', () => onAdd(side === 1 ? { one: value } : { two: value }))
      .appendTo(line);
  });
  if (values.length > MOST_MISSING) line.append(' …');
}

/** Adds the users without a match, each with a link that adds a pair. */
export function showPeople(box: JQuery, sides: Unmatched[], { text, onAdd }: CheckOptions): void {
  const show = (side: Side, key: string, variables: Record<string, unknown>, people: WithoutCounterpart[]): void => {
    if (people.length === 0) return;
    const line = $('<div class="twinflow-message twinflow-warning">').appendTo(box);
    const arrow = side === 1 ? '→' : '←';
    line.append($('<span>').text(`${arrow} ${text(key, { count: people.length, ...variables })} `));
    people.slice(0, MOST_MISSING).forEach(({ person, named }, index) => {
      if (index > 0) line.append(', ');
      const name = personName(person);
      $('<button type="button" class="twinflow-link">')
        .text(name)
        .attr({ 'data-id': person.id ?? name, title: person.email ?? person.login ?? name })
        .on('click', () => onAdd(pairOf(side, person)))
        .appendTo(line);
      if (named !== undefined) line.append(document.createTextNode(` (${named})`));
    });
    line.append(people.length > MOST_MISSING ? ' …' : '.');
  };
  for (const { side, people, of, system } of sides) {
    const inTable = (one: WithoutCounterpart): boolean => one.named !== undefined;
    show(
      side,
      'people.missing',
      { of },
      people.filter((one) => !inTable(one)),
    );
    show(side, 'people.unknown', { system }, people.filter(inTable));
  }
  if (sides.some(({ people }) => people.length > 0)) {
    $('<div class="twinflow-message">').text(text('people.hint')).appendTo(box);
  }
}

function showReturns(
  box: JQuery,
  table: ValueRow,
  ones: LookupValue[],
  twos: LookupValue[],
  { text }: CheckOptions,
): void {
  const restless = roundTrip([], [table]).map(({ round }) => round);
  for (const round of restless) {
    $('<div class="twinflow-message twinflow-bad">')
      .text(text('returns.never', { round: round.join(' → ') }))
      .appendTo(box);
  }
  // update loops are reported already
  const told = new Set(restless.flat());
  const others = returningAsOthers(table, ones, twos).filter(({ value }) => !told.has(value.name));
  if (others.length === 0) return;
  const list = others
    .slice(0, MOST_SHOWN)
    .map(({ value, over, back }) => `${value.name} → ${over.name} → ${back.name}`);
  $('<div class="twinflow-message">')
    .text(text('returns.others', { count: others.length, list: list.join('; ') }))
    .appendTo(box);
}

const namesOf = (values: LookupValue[] = []): string[] => values.map(({ name }) => name);

/** The pairs as a workbook. @param open values without a pair: each gets a line with an empty cell to fill in */
export function exportOf(table: ValueRow, lists: Lists, open: Lists = [undefined, undefined]): ExportedTable {
  const pairs = table.pairs.map(({ one, two }): [string, string] => [one.name, two.name]);
  const lines: [string, string][] = [
    ...pairs,
    ...namesOf(open[0]).map((name): [string, string] => [name, '']),
    ...namesOf(open[1]).map((name): [string, string] => ['', name]),
  ];
  return {
    heads: [`${table.one.name} (1)`, `${table.two.name} (2)`],
    // pairs of a sheet that apply in both directions are there once for each
    pairs: [...new Map(lines.map((line) => [JSON.stringify(line), line])).values()],
    values: [namesOf(lists[0]), namesOf(lists[1])],
  };
}

/** The values without a pair in the table. @param table the result of `wholeTable` */
export function withoutPair(table: ValueRow, lists: Lists): Lists {
  const open = (side: 'one' | 'two', values: LookupValue[] | undefined): LookupValue[] | undefined => {
    const paired = new Set(table.pairs.map((pair) => pair[side].name));
    return values?.filter(({ name }) => !paired.has(name));
  };
  return [open('one', lists[0]), open('two', lists[1])];
}

export const exportName = (table: ValueRow): string => `${fileName(tableTitle(table))}.xlsx`;
