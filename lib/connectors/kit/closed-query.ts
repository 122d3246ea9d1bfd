/**
 * A query of an administrator as a part of a larger one: it is put in brackets beside other conditions, so it must not close
 * brackets or quotes that it has not opened. The system itself decides on everything else.
 */

import { asSyncError, SyncError } from '../../model/errors';
import type { OwnQueries } from '../connector';

export interface QuerySyntax {
  /** JQL, for errors */
  language: string;
  /** characters that begin and end a text */
  quotes: string;
  /** a quote within a text is written twice, or after a backslash */
  escape: 'twice' | 'backslash';
}

export interface ClosedQuery {
  /** without blanks around it */
  text: string;
  /** the same with blanks in place of what is in quotes, so that keywords are found where they are keywords */
  bare: string;
}

const LONGEST = 10_000;

/** @throws SyncError invalid – it is empty, too long, or closes what it has not opened */
export function closedQuery(query: string, { language, quotes, escape: escaping }: QuerySyntax): ClosedQuery {
  const text = query.trim();
  const refuse = (why: string): never => {
    throw new SyncError('invalid', `The ${language} ${why}.`, { fields: { query: why } });
  };
  if (text === '') refuse('is empty');
  if (text.length > LONGEST) refuse(`is longer than ${LONGEST} characters`);
  let bare = '';
  let depth = 0;
  let open = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (open !== '') {
      bare += ' ';
      const isEscape = escaping === 'backslash' ? sign === '\\' : sign === open && text[at + 1] === open;
      if (isEscape && at + 1 < text.length) {
        bare += ' ';
        at++;
      } else if (sign === open) open = '';
      continue;
    }
    if (quotes.includes(sign)) open = sign;
    if (sign === '(') depth++;
    if (sign === ')') depth--;
    if (depth < 0) refuse('closes a bracket that it has not opened');
    bare += open === '' ? sign : ' ';
  }
  if (open !== '') refuse(`does not close the text that begins with ${open}`);
  if (depth > 0) refuse('does not close a bracket');
  return { text, bare };
}

/** Both up to a place. */
export const upTo = ({ text, bare }: ClosedQuery, end: number): ClosedQuery => ({
  text: text.slice(0, end).trimEnd(),
  bare: bare.slice(0, end).trimEnd(),
});

/** A system's words end with the place in its own program (Perl). */
const OWN_PLACE = / at \/\S+ line \d+\.?\s*$/;

/**
 * Queries whose refusal is `invalid`, in the system's own words: there is nothing else in the request that it could refuse.
 * @throws SyncError as the queries; a system in trouble stays one
 */
export function inItsWords({ language, example, check, among }: OwnQueries): OwnQueries {
  const asking = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (thrown) {
      const error = asSyncError(thrown);
      const { status, answer, fields } = error.detail;
      const isRefusal = error.kind === 'invalid' || status === 400 || status === 404;
      if (!isRefusal || fields?.query !== undefined) throw error;
      const words = (answer ?? error.message).trim().replace(OWN_PLACE, '');
      const detail = { ...error.detail, fields: { query: words }, cause: error };
      throw new SyncError('invalid', `The system refuses the ${language}: ${words}`, detail);
    }
  };
  return {
    ...{ language, example },
    check: (scope, query) => asking(() => check(scope, query)),
    among: (query, ids) => asking(() => among(query, ids)),
  };
}
