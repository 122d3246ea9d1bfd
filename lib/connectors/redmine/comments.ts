/**
 * Comments: the notes of issues. One request per issue returns all of them, and there is no cheaper way. Accounts that
 * cannot see private notes get none of them.
 */

import type { Entity, EntityId, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import type { FindQuery, FindResult, ReadResult } from '../connector';
import { COMMENT, commentFields, ownerRef, visibilityValue } from '../kit/comments';
import { isShown } from '../kit/compare';
import { eachAlone } from '../kit/each-alone';
import { isOfOne } from '../kit/owed';
import { Recent } from '../kit/recent';
import type { RedmineApi } from './api';
import type { Markup } from './markup';
import type { Metadata } from './metadata';
import {
  contentOf,
  type Discussion,
  discussionOf,
  type End,
  identityOf,
  NOTE_IDS,
  noteName,
  type RawNote,
  versionOfNote,
} from './notes';
import type { People } from './people';
import type { IssueReader } from './reading';
import { type Named, versionOf } from './shapes';

/** Maximum number of issues whose last state is remembered. */
const REMEMBERED = 20_000;
/** Maximum number of issues whose notes are remembered, and how long that is valid, ms. */
const SHOWN = 500;
const SHOWN_MS = 30_000;
/** Maximum number of Twinflow's notes per issue for which the write is remembered. */
const CLAIMED = 200;
/** If this many issues fail in the same way and none succeeds, the server is in trouble. */
const MOST_ALONE = 4;

/** An issue and its journals when last read, for determining how Twinflow's own note changes the version. */
export interface Known {
  /** of the issue */
  version: string;
  content: string;
  /** of its journals */
  digest: string;
  end: End;
}

export class CommentReader {
  private readonly states = new Recent<EntityId, Known>(REMEMBERED);
  private readonly claims = new Recent<EntityId, ReadonlySet<string>>(SHOWN);
  private readonly shown = new Recent<EntityId, { at: number; identities: ReadonlySet<string> }>(SHOWN);

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly people: People,
    private readonly reader: IssueReader,
    private readonly markup: Markup,
    /** requests at the same time */
    private readonly concurrency: number,
  ) {}

  /** @throws notFound if there is no such project */
  async fields(project: string): Promise<Field[]> {
    const { id } = await this.metadata.project(project);
    const permissions = await this.metadata.permissions(id);
    const mayChoose = permissions?.has('set_notes_private') === true;
    return commentFields({ text: this.markup, visibility: mayChoose ? 'writable' : 'readOnly', edited: true });
  }

  /** All notes; otherwise a missing one may have been made private. */
  async seesAll(project: string): Promise<boolean> {
    return (await this.metadata.permissions(project))?.has('view_private_notes') === true;
  }

  /** Comments by their ids, in the given order. */
  async byId(ids: EntityId[]): Promise<ReadResult[]> {
    const places = ids.map((id) => NOTE_IDS.read(id));
    const found = await this.ofIssues(places.flatMap((place) => place?.owner ?? []));
    const results: ReadResult[] = [];
    for (const place of places) {
      const one = place && found.get(place.owner);
      if (one === undefined || one instanceof SyncError) results.push(one);
      else {
        const note = one.notes.find((each) => identityOf(each) === place?.part);
        results.push(note && (await this.entity(one, note)));
      }
    }
    return results;
  }

  /** @see Connection.find: among the notes of one issue. Notes have no markers. */
  async find({ owner, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
    const one = (await this.ofIssues([owner])).get(owner);
    if (one === undefined) return [];
    if (one instanceof SyncError) return [one];
    let { notes } = one;
    if (createdBySelfSince !== undefined) {
      const since = Math.floor(Date.parse(createdBySelfSince) / 1000) * 1000;
      if (Number.isNaN(since))
        throw new SyncError('invalid', `"${createdBySelfSince}" is not a point in time (ISO 8601)`);
      const { id } = await this.metadata.myself();
      notes = notes.filter(({ author, createdOn }) => author?.id === id && Date.parse(createdOn) >= since);
    }
    const found = await this.entities({ ...one, notes });
    const isWanted = (entity: Entity): boolean =>
      !field || field.values.some((value) => isShown(entity.fields[field.id], value));
    return found.filter(isWanted).slice(0, limit);
  }

  /** What was known of an issue's notes when they were last read here. */
  known(issue: EntityId): Known | undefined {
    return this.states.get(issue);
  }

  /**
   * The number of its journal may belong to another note by now. Costs no request if the note was read a moment ago.
   * @throws notFound, forbidden if it is not visible
   */
  async assertThere(issue: EntityId, identity: string): Promise<void> {
    const shown = this.shown.get(issue);
    if (shown && performance.now() - shown.at < SHOWN_MS && shown.identities.has(identity)) return;
    const one = (await this.ofIssues([issue])).get(issue);
    if (one instanceof SyncError) throw one;
    if (one?.notes.some((note) => identityOf(note) === identity)) return;
    throw new SyncError('notFound', `${noteName(issue, identity)} is not there, or not to be seen by this account`);
  }

  /** One of its notes was deleted. */
  forget(issue: EntityId): void {
    this.shown.take(issue);
  }

  /** Notes of an issue that are results of known writes: no other write made them. */
  claimed(issue: EntityId): ReadonlySet<string> {
    return this.claims.get(issue) ?? new Set();
  }

  claim(issue: EntityId, identities: readonly string[]): void {
    if (identities.length > 0) this.claims.set(issue, new Set([...this.claimed(issue), ...identities].slice(-CLAIMED)));
  }

  /** Its number may be assigned again. */
  private gone(issue: EntityId): void {
    for (const memory of [this.states, this.shown, this.claims]) memory.take(issue);
  }

  /**
   * Issues with their notes: undefined if Redmine itself says that one is gone, an error if one is not delivered.
   * @throws SyncError if the failure does not concern single issues
   */
  async ofIssues(ids: EntityId[]): Promise<Map<EntityId, Discussion | SyncError | undefined>> {
    const wanted = [...new Set(ids.filter((id) => /^\d{1,18}$/.test(id)))];
    const found = new Map<EntityId, Discussion | SyncError | undefined>();
    await eachAlone(
      wanted,
      this.concurrency,
      async (id) => void found.set(id, await this.discussion(id)),
      (id, error) => {
        if (error.kind === 'notFound') this.gone(id);
        // it exists, but the account cannot see it: that is not gone
        found.set(id, error.kind === 'notFound' ? undefined : error);
      },
      (error) => error.kind !== 'notFound' && error.kind !== 'forbidden' && !isOfOne(error),
    );
    if (wanted.length === 0) return found;
    const failed = [...found.values()].filter((one): one is SyncError => one instanceof SyncError && isOfOne(one));
    if (failed[0] && failed.length >= MOST_ALONE && failed.length === wanted.length) throw failed[0];
    await this.api.assertNotStranger();
    return found;
  }

  private async discussion(id: EntityId): Promise<Discussion> {
    const { issue, journals } = await this.api.journals(id);
    const found = discussionOf(issue, journals);
    this.states.set(id, stateOf(found));
    this.shown.set(id, { at: performance.now(), identities: new Set(found.notes.map(identityOf)) });
    return found;
  }

  async entities(one: Discussion): Promise<Entity[]> {
    const entities: Entity[] = [];
    for (const note of one.notes) entities.push(await this.entity(one, note));
    return entities;
  }

  async entity({ issue }: Discussion, note: RawNote): Promise<Entity> {
    const person = async (named: Named | undefined): Promise<UserValue | undefined> =>
      named && this.people.known(named);
    const [createdBy, updatedBy] = [await person(note.author), await person(note.updatedBy)];
    const [id, key] = [NOTE_IDS.of(issue.id, identityOf(note)), `${issue.id}#change-${note.id}`];
    return {
      ...{ id, key, url: `${this.api.baseUrl}issues/${key}`, type: COMMENT, project: issue.project.id },
      owner: ownerRef(issue.id, issue.tracker.id),
      version: versionOfNote(note),
      createdAt: note.createdOn,
      updatedAt: note.updatedOn ?? note.createdOn,
      ...(createdBy && { createdBy }),
      ...(updatedBy && { updatedBy }),
      fields: {
        text: this.reader.richText(note.text),
        visibility: visibilityValue(note.isPrivate),
        createdBy: createdBy ?? null,
        createdAt: note.createdOn,
        updatedBy: updatedBy ?? null,
        updatedAt: note.updatedOn ?? null,
      },
    };
  }
}

export const stateOf = ({ issue, end, digest }: Discussion): Known => ({
  ...{ version: versionOf(issue), content: contentOf(issue), digest: digest(), end },
});
