/**
 * The notes of an issue as Redmine shows them: journals with a text. A journal without one only lists changed fields,
 * and an emptied note is a deleted one. A single note cannot be read: all come with their issue.
 */

import { createHash } from 'node:crypto';
import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { partIds } from '../kit/comments';
import { type Json, listOf, textOf } from '../kit/json';
import { type Named, namedOf, type RawIssue } from './shapes';

/**
 * `41#change-7@2026-11-30T09:38:22Z`: journal 7 of issue 41, `41#change-7` being its place in the issue's page (`#note-3` would
 * change with deletions). On SQLite, and on MySQL before 8 after a restart, the next journal gets the number of the newest one if
 * that was deleted: only number and time together are always the same note.
 */
export const NOTE_IDS = partIds('#change-', /^\d{1,18}$/, /^\d{1,18}@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** A note within its issue. */
export const identityOf = ({ id, createdOn }: Pick<RawNote, 'id' | 'createdOn'>): string => `${id}@${createdOn}`;

/** The number of its journal. */
export const journalOf = (identity: string): string => identity.slice(0, identity.indexOf('@'));

export interface RawNote {
  /** of the journal */
  id: string;
  author: Named | undefined;
  /** as stored, line ends included */
  text: string;
  /** undefined if Redmine does not say */
  isPrivate: boolean | undefined;
  createdOn: string;
  /** since Redmine 6 */
  updatedOn: string | undefined;
  updatedBy: Named | undefined;
}

/** The last journals of an issue. */
export interface End {
  /** the highest number, 0 where there is none */
  id: number;
  /** the latest time, ms */
  at: number;
  /** those of that time */
  identities: ReadonlySet<string>;
}

/** Added since. Neither number nor time alone is enough: numbers are assigned again, and servers' clocks differ. */
export const isBehind = ({ id, at, identities }: End, note: RawNote): boolean => {
  const time = Date.parse(note.createdOn);
  return Number(note.id) > id || time > at || (time === at && !identities.has(identityOf(note)));
};

/** An issue with its notes and attachments, the oldest first. */
export interface Discussion {
  issue: RawIssue;
  notes: RawNote[];
  /** attachment → the journal that tells that it was added */
  added: ReadonlyMap<string, string>;
  /** the last of its journals: later ones have a higher number or a later time */
  end: End;
  /** tells all that its journals show apart, but for those in `without` */
  digest(without?: ReadonlySet<string>): string;
}

const isBlank = (text: string): boolean => /^[\s\u0085]*$/u.test(text);

/** @throws SyncError malformed – a journal without number or time: it may be a note */
export function discussionOf(issue: RawIssue, journals: Json[]): Discussion {
  const notes: RawNote[] = [];
  const added = new Map<string, string>();
  let end: End = { id: 0, at: Number.NEGATIVE_INFINITY, identities: new Set() };
  for (const json of journals) {
    const [id, createdOn, text] = [textOf(json.id), textOf(json.created_on), textOf(json.notes) ?? ''];
    if (id === undefined || createdOn === undefined || !Number.isSafeInteger(Number(id))) {
      const words = `Redmine shows a note of issue ${issue.id} without number or time`;
      throw new SyncError('fatal', words, { malformed: true });
    }
    end = endWith(end, id, createdOn);
    for (const file of addedBy(json)) added.set(file, id);
    if (isBlank(text)) continue;
    const isPrivate = typeof json.private_notes === 'boolean' ? json.private_notes : undefined;
    notes.push({
      ...{ id, text, isPrivate, createdOn, author: namedOf(json.user) },
      ...{ updatedOn: textOf(json.updated_on), updatedBy: namedOf(json.updated_by) },
    });
  }
  // some accounts see the newest first
  notes.sort((a, b) => Date.parse(a.createdOn) - Date.parse(b.createdOn) || Number(a.id) - Number(b.id));
  const digest = (without: ReadonlySet<string> = new Set()): string => {
    const others = journals.filter(({ id }) => !without.has(textOf(id) ?? ''));
    return hashOf(others.map((json) => [textOf(json.id), json.notes, json.private_notes]).sort());
  };
  return { issue, notes, added, end, digest };
}

/** Numbers of attachments. */
const addedBy = (journal: Json): string[] =>
  listOf(journal, 'details').flatMap((detail) => {
    const isAdded = detail.property === 'attachment' && textOf(detail.new_value) !== undefined;
    return isAdded ? (textOf(detail.name) ?? []) : [];
  });

function endWith({ id, at, identities }: End, journal: string, createdOn: string): End {
  const time = Date.parse(createdOn);
  const identity = identityOf({ id: journal, createdOn });
  return {
    id: Math.max(id, Number(journal)),
    at: Math.max(at, time),
    identities: time > at ? new Set([identity]) : time === at ? new Set([...identities, identity]) : identities,
  };
}

/** Redmine 5 does not say that a note was edited, so its content tells versions apart. */
export const versionOfNote = ({ text, isPrivate, updatedOn }: RawNote): string =>
  `${updatedOn === undefined ? '' : `${updatedOn}-`}${hashOf([text, isPrivate])}`;

/** What an issue shows beside its update time, which each note moves. */
export function contentOf({
  journals: _j,
  allowedStatuses: _a,
  updatedOn: _u,
  files: _f,
  ...content
}: RawIssue): string {
  return hashOf(content);
}

export const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** For errors. */
export const noteName = (issue: EntityId, identity: string): string =>
  `Note #change-${journalOf(identity)} of issue ${issue}`;
