/**
 * Which notes are those that were just written. Redmine's answer to a new note has no number, so the issue is read back; what is
 * new there, by the account itself, with the text that was sent, is it. No marker is needed for that: two notes of one account
 * that have the same text and came at the same time are the same to everybody. (A marker would be an HTML comment in the text. It
 * is not shown, but it stands in plain-text e-mails and in the form of who edits or quotes the note.) Pure.
 */

import type { RawNote } from './notes';

export interface SentNote {
  text: string;
  /** Redmine has answered that it took it; false: no answer came */
  isAnswered: boolean;
}

const lines = (text: string): string => text.replace(/\r\n?/g, '\n').trim();
/** What no database changes, cuts off or leaves out: letters and digits of the basic plane. */
const core = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '').replace(/[\u{10000}-\u{10FFFF}]/gu, '');

/** A database that cannot hold a character has cut the text off there, or left the character out. */
function isCutFrom(stored: string, sent: string): boolean {
  const [short, long] = [core(stored), core(sent)];
  return short !== '' && long.startsWith(short);
}

/**
 * @param sent in the order in which they were sent
 * @param candidates notes of the account that are newer than what was known before, the oldest first
 * @returns for each that was sent, its note; undefined = it is not there
 */
export function matchNotes(sent: readonly SentNote[], candidates: readonly RawNote[]): (RawNote | undefined)[] {
  const found: (RawNote | undefined)[] = sent.map(() => undefined);
  // the newest first: an older note with the same text is not ours
  let end = candidates.length;
  for (let index = sent.length - 1; index >= 0; index--) {
    const { text } = sent[index] ?? { text: '' };
    const at = candidates.slice(0, end).findLastIndex((note) => lines(note.text) === lines(text));
    if (at < 0) continue;
    found[index] = candidates[at];
    end = at;
  }
  const taken = new Set(found);
  const rest = candidates.filter((note) => !taken.has(note));
  for (const [index, { text, isAnswered }] of sent.entries()) {
    if (found[index] !== undefined || !isAnswered) continue;
    const at = rest.findIndex((note) => isCutFrom(note.text, text));
    if (at >= 0) [found[index]] = rest.splice(0, at + 1).slice(-1);
  }
  return found;
}
