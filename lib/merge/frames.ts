/**
 * The author line of comments, as the engine sees it: what is read of a comment gets rid of it here, and what is written gets it.
 * In between, fields have it only as `RichText.frame`, beside the text. Pure.
 */

import type { MappedFields } from '../mapping/fields';
import { type DeclaredFields, fitFields } from '../mapping/fit';
import { COMMENT_TEXT } from '../model/entity';
import type { Fields, Frame, RichText } from '../model/values';
import { withFrame, withoutFrame } from '../richtext';
import { plainTextOf } from './bounded-texts';
import { isRichText } from './mentions';

/** What a comment says; undefined for what has no text. */
export function commentIn(fields: Fields): RichText | undefined {
  const text = Object.hasOwn(fields, COMMENT_TEXT) ? fields[COMMENT_TEXT] : undefined;
  return isRichText(text) ? text : undefined;
}

/** The author line that belongs in front of a comment. */
export const frameIn = (fields: Fields): Frame | undefined => commentIn(fields)?.frame;

/** True if a text may begin with a line that leads somewhere. */
export const mayBeFramed = (fields: Fields): boolean =>
  commentIn(fields)?.content.slice(0, 10_000).includes('/') ?? false;

/**
 * A comment's fields as they were read, without its author line.
 * @param base as they were when last in sync, or as they were sent
 */
export function unframed(fields: Fields, frame: Frame | undefined, base: Fields): Fields {
  const text = commentIn(fields);
  // what was taken off once has it beside
  if (!text || !frame || text.frame) return fields;
  return { ...fields, [COMMENT_TEXT]: withoutFrame(text, frame, commentIn(base)) };
}

/** True if a comment begins with an author line that leads to the same original, whatever else the line says. */
export function leadsTo(fields: Fields, frame: Frame | undefined): boolean {
  const text = commentIn(fields);
  if (!text || frame?.url === undefined) return false;
  const { frame: _own, ...shown } = text;
  return withoutFrame(shown, frame).content !== shown.content;
}

/** True if a comment begins with an author line that leads to a comment of an item, whether or not that is still there. */
export function leadsInto(fields: Fields, item: string): boolean {
  const text = commentIn(fields);
  if (!text || item === '') return false;
  const head = text.content.slice(0, 10_000);
  const at = head.toLowerCase().indexOf(item.toLowerCase());
  const rest = at < 0 ? undefined : /^[#?&/][^\s"'<>|()[\]\\]+/.exec(head.slice(at + item.length))?.[0];
  return rest !== undefined && leadsTo(fields, { url: head.slice(at, at + item.length) + rest });
}

/** How many of the lines that were written a comment still has. @returns 0 … 1 */
export function keptLines(fields: Fields, written: Fields): number {
  const [shown, sent] = [commentIn(fields), commentIn(written)];
  if (!shown || !sent) return 0;
  const there = new Set(linesOf(shown));
  const lines = linesOf(sent);
  return lines.length === 0 ? 0 : lines.filter((line) => there.has(line)).length / lines.length;
}

const linesOf = (text: RichText): string[] =>
  plainTextOf(text)
    .split('\n')
    .map((line) => line.trim().toLowerCase())
    .filter((line) => line !== '');

/** Fields with another author line, or with none. */
export function withFrameOf(fields: Fields, frame: Frame | undefined): Fields {
  const text = commentIn(fields);
  if (!text || (!frame && !text.frame)) return fields;
  const { frame: _before, ...rest } = text;
  return { ...fields, [COMMENT_TEXT]: frame ? { ...rest, frame } : rest };
}

/** Fields as they are written, the author line in the text. */
export function framed(fields: Fields): Fields {
  const text = commentIn(fields);
  return text?.frame ? { ...fields, [COMMENT_TEXT]: withFrame(text) } : fields;
}

/**
 * What the target can hold of mapped fields, a comment's text measured with its author line. @returns the input itself where all
 * of it fits
 */
export function fitFramed(input: MappedFields, declared: DeclaredFields, frame: Frame | undefined): MappedFields {
  if (!frame) return fitFields(input, declared, plainTextOf);
  const fields = framed(withFrameOf(input.fields, frame));
  const fitted = fitFields({ ...input, fields }, declared, plainTextOf);
  const text = commentIn(input.fields);
  if (fields === input.fields) return fitted.fields === fields ? input : fitted;
  if (fitted.fields === fields) return input;
  return text && COMMENT_TEXT in fitted.fields
    ? { ...fitted, fields: { ...fitted.fields, [COMMENT_TEXT]: text } }
    : fitted;
}
