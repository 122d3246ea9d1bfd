/**
 * The author line as a format writes it. Most lines differ only in a plain name, a time and a plain address, which look the same
 * in every format: those are put into a line that was written once. All others are written like any other text.
 */

import type { Frame, RichText } from '../../model/values';
import type { Paragraph } from '../tree';
import { addressIn, lineOf, saidIn } from './line';

const PLAIN_NAME = /^[\p{L}\p{N}]+(?: [\p{L}\p{N}]+)*$/u;
/** Of the years that have four digits. */
const PLAIN_TIME = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d UTC)?$/;
/** An address without a sign that a format escapes, or that ends it. */
const PLAIN_ADDRESS = /^(https?:\/\/|\/)[A-Za-z0-9]+(?:(?:[.:=?#%-]|\/#?)[A-Za-z0-9]+)*$/;

/** What stands in a pattern for the name, the time and the address. */
const STAND_INS = { by: 'Xnamex', at: '2001-02-03T04:05:00Z', url: 'xaddressx' };
const PLACES = /(Xnamex|2001-02-03 04:05 UTC|xaddressx)/;

/** A written line, taken apart at its stand-ins: every second entry is one. */
type Pattern = readonly string[];

/** By format, dialect and kind of line. */
const patterns = new Map<string, Pattern>();
const MOST_PATTERNS = 500;

/** @param write writes a paragraph in the text's format */
export function lineIn(frame: Frame, text: RichText, write: (line: Paragraph) => string): string {
  const { name, isPerson, when } = saidIn(frame);
  const url = addressIn(frame);
  const scheme = url === undefined ? '' : PLAIN_ADDRESS.exec(url)?.[1];
  const isPlain = scheme !== undefined && PLAIN_NAME.test(name) && PLAIN_TIME.test(when);
  if (!isPlain) return write(lineOf(frame));
  const key = JSON.stringify([text.format, text.dialect, isPerson, when !== '', scheme, frame.edited]);
  let pattern = patterns.get(key);
  if (!pattern) {
    const { by, at } = STAND_INS;
    const standIn: Frame = { ...frame, ...(isPerson ? { by } : { of: by }), ...(when !== '' && { at }) };
    if (url !== undefined) standIn.url = `${scheme}${STAND_INS.url}`;
    pattern = write(lineOf(standIn)).split(PLACES);
    if (patterns.size >= MOST_PATTERNS) patterns.clear();
    patterns.set(key, pattern);
  }
  const address = url?.slice(scheme.length) ?? '';
  return pattern.map((part, at) => (at % 2 === 0 ? part : filling(part, { name, when, address }))).join('');
}

function filling(standIn: string, { name, when, address }: { name: string; when: string; address: string }): string {
  if (standIn === STAND_INS.by) return name;
  return standIn === STAND_INS.url ? address : when;
}
