/**
 * Writes comments. Those of one issue are sent one after the other, to keep their order, and are read back together:
 * one request for each, and one more for the issue. A note is never sent together with fields: Redmine would make two
 * journals of a private one, and the one with the fields would be public.
 */

import omit = require('lodash/omit');

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields } from '../../model/values';
import type { Scope, Step, WriteOperation, WriteResult } from '../connector';
import { type Seen, TEXT, takesComment, takesVisibility, VISIBILITY } from '../kit/comments';
import { removeEach } from '../kit/each-alone';
import { collectProblems, Problem } from '../kit/wanted';
import { comparison, Halt, inQueues, notSent, Results, refuseProblems, unseen } from '../kit/writes';
import type { RedmineApi } from './api';
import type { CommentErrors, NoteVerb } from './comment-errors';
import { type CommentReader, type Known, stateOf } from './comments';
import type { Markup } from './markup';
import type { Metadata } from './metadata';
import { type Discussion, identityOf, isBehind, journalOf, NOTE_IDS, noteName, type RawNote } from './notes';
import { matchNotes } from './own-notes';

/** The wanted state of a note; undefined = unchanged. */
interface Wanted {
  text?: string;
  seen?: Seen;
}

interface Task {
  index: number;
  operation: WriteOperation;
  /** of the issue */
  owner: EntityId;
  /** undefined = a new note */
  note: string | undefined;
  wanted: Wanted;
  /** expected state afterwards */
  expected: Fields;
  ignored: Record<FieldId, string>;
}

/** A task that was sent, or may have been. */
interface Sent {
  task: Task;
  /** no answer arrived: it may have been carried out */
  error?: SyncError;
}

export class CommentWriter {
  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly reader: CommentReader,
    private readonly errors: CommentErrors,
    private readonly markup: Markup,
    /** issues at the same time */
    private readonly concurrency: number,
  ) {}

  /** Operations on comments alone. @see Connection.write */
  async write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const results = new Results(operations);
    const ofIssue = new Map<EntityId, Task[]>();
    for (const [index, operation] of operations.entries()) {
      try {
        const task = { index, operation, ...(await this.prepare(operation)) };
        ofIssue.set(task.owner, [...(ofIssue.get(task.owner) ?? []), task]);
      } catch (thrown) {
        results.fail(index, thrown);
      }
    }
    const halt = new Halt();
    await inQueues(
      [...ofIssue],
      ([owner]) => owner,
      this.concurrency,
      async ([owner, tasks]) => {
        try {
          await this.ofIssue(owner, tasks, halt, results);
        } catch (thrown) {
          for (const { index } of tasks) if (!results.has(index)) results.fail(index, thrown);
        }
      },
    );
    return results.all();
  }

  private async prepare(operation: WriteOperation): Promise<Omit<Task, 'index' | 'operation'>> {
    const isNew = operation.kind === 'create';
    const place = isNew ? undefined : NOTE_IDS.read(operation.id);
    const owner = isNew ? operation.owner : place?.owner;
    if (owner === undefined || !/^\d{1,18}$/.test(owner)) {
      const words = isNew ? 'A comment needs the issue that gets it' : `Redmine has no comment "${operation.id}"`;
      throw new SyncError('invalid', words);
    }
    const about = place ? noteName(place.owner, place.part) : `A new note of issue ${owner}`;
    const [wanted, ignored]: [Wanted, Record<FieldId, string>] = [{}, {}];
    // without a text there is nothing to create
    const fields: Fields = isNew ? { [TEXT]: null, ...operation.fields } : operation.fields;
    const problems = await collectProblems(fields, async (id, value) => {
      if (id === TEXT) wanted.text = takesComment(value);
      else if (id === VISIBILITY) wanted.seen = takesVisibility(value);
      else if (READ_ONLY.includes(id)) ignored[id] = 'It is set by Redmine and cannot be written';
      else throw new Problem(`A comment has no field "${id}"`);
    });
    refuseProblems(about, problems);
    if (!isNew) await this.errors.assertChanges(about, 'changed');
    const expected: Fields = {
      ...(wanted.text !== undefined && { [TEXT]: { format: this.markup.format, content: wanted.text } }),
      ...(wanted.seen !== undefined && { [VISIBILITY]: { id: wanted.seen, name: wanted.seen } }),
    };
    return { owner, note: place?.part, wanted, expected, ignored };
  }

  private async ofIssue(owner: EntityId, tasks: Task[], halt: Halt, results: Results): Promise<void> {
    const isNew = ({ note }: Task): boolean => note === undefined;
    halt.check();
    // existing notes are not Twinflow's; usually they were read a moment ago
    let before = this.reader.known(owner);
    if (before === undefined && tasks.some(isNew)) before = stateOf(await this.discussion(owner));
    const sent: Sent[] = [];
    let stopped: SyncError | undefined;
    for (const task of tasks) {
      try {
        if (stopped) throw notSent(stopped);
        halt.check();
        await this.send(task);
        sent.push({ task });
      } catch (thrown) {
        const error = asSyncError(thrown);
        halt.learn(error);
        // keeps the order: later ones wait until it is known whether this one was added
        if (isNew(task) && error.kind === 'transient') stopped ??= error;
        if (error.detail.uncertain) sent.push({ task, error });
        else results.fail(task.index, await this.explained(task, error));
      }
    }
    if (sent.length > 0) await this.conclude(owner, sent, before, results);
  }

  /** @throws SyncError as Redmine answers it; notFound – the issue is gone */
  private async discussion(owner: EntityId): Promise<Discussion> {
    const one = (await this.reader.ofIssues([owner])).get(owner);
    if (one instanceof SyncError) throw one;
    if (one === undefined)
      throw new SyncError('notFound', `Redmine has no issue ${owner}: its comment was not written`);
    return one;
  }

  private async send({ operation, owner, note, wanted }: Task): Promise<void> {
    const { text, seen } = wanted;
    const isInternal = seen === 'internal';
    if (note === undefined) {
      if (isInternal && operation.kind === 'create')
        await this.errors.assertPrivate(`A new note of issue ${owner}`, operation.project);
      await this.api.addNote(owner, { notes: text ?? '', private_notes: isInternal });
      return;
    }
    if (text === undefined && seen === undefined) return;
    await this.reader.assertThere(owner, note);
    const journal = journalOf(note);
    if (isInternal) {
      await this.api.changeNote(journal, { private_notes: true });
      // Redmine silently ignores the flag if the account cannot set it: an internal text would be public
      if (text === undefined) return;
      await this.assertIsPrivate(owner, note);
    }
    await this.api.changeNote(journal, {
      ...(text !== undefined && { notes: text }),
      ...(seen === 'public' && { private_notes: false }),
    });
  }

  private async assertIsPrivate(owner: EntityId, note: string): Promise<void> {
    const found = (await this.discussion(owner)).notes.find((one) => identityOf(one) === note);
    if (found?.isPrivate) return;
    const words = `${noteName(owner, note)} was not changed: it is to be internal, and Redmine keeps it public`;
    throw new SyncError('forbidden', `${words}. The account's role lacks the permission Set notes as private`);
  }

  private async explained({ owner, note, operation }: Task, error: SyncError): Promise<SyncError> {
    const verb: NoteVerb = note === undefined ? 'added' : 'changed';
    const about = note === undefined ? `A new note of issue ${owner}` : noteName(owner, note);
    if (error.kind === 'forbidden' && error.detail.status === 403) {
      const project = operation.kind === 'create' ? operation.project : undefined;
      return this.errors.refused(about, verb, project, error);
    }
    if (error.kind !== 'notFound') return error;
    const words = `${about} was not ${verb}: it is not there, or not to be seen by this account`;
    return new SyncError('notFound', words, error.detail);
  }

  /** Fields that a later task of the same note sets again: their values do not belong to this task. */
  private setLater({ task }: Sent, sent: readonly Sent[]): FieldId[] {
    const later = sent.filter((one) => one.task.note === task.note && one.task.index > task.index);
    return task.note === undefined ? [] : later.flatMap((one) => Object.keys(one.task.expected));
  }

  /** Reads the issue back, and returns the result of each task. */
  private async conclude(owner: EntityId, sent: Sent[], before: Known | undefined, results: Results): Promise<void> {
    let shown: Discussion;
    try {
      shown = await this.discussion(owner);
    } catch (thrown) {
      const error = asSyncError(thrown);
      for (const { task, error: lost } of sent)
        results.fail(task.index, lost ?? unseen('Redmine', 'The note of issue ', owner, error));
      return;
    }
    const me = (await this.metadata.myself()).id;
    const added = sent.filter(({ task }) => task.note === undefined);
    const claimed = this.reader.claimed(owner);
    const candidates = shown.notes.filter(
      (note) =>
        note.author?.id === me &&
        (before === undefined || isBehind(before.end, note)) &&
        !claimed.has(identityOf(note)),
    );
    const matched = matchNotes(
      added.map(({ task, error }) => ({ text: task.wanted.text ?? '', isAnswered: error === undefined })),
      candidates,
    );
    this.reader.claim(
      owner,
      matched.flatMap((note) => (note ? identityOf(note) : [])),
    );
    const step = stepOf(before, shown, new Set(matched.flatMap((note) => note?.id ?? [])));
    for (const one of sent) {
      const { task } = one;
      const note =
        task.note === undefined
          ? matched[added.indexOf(one)]
          : shown.notes.find((each) => identityOf(each) === task.note);
      results.set(task.index, await this.outcome(one, shown, note, step, this.setLater(one, sent)));
    }
  }

  private async outcome(
    { task, error }: Sent,
    shown: Discussion,
    note: RawNote | undefined,
    step: Step | undefined,
    setLater: readonly FieldId[],
  ): Promise<WriteResult> {
    const { owner, wanted, ignored } = task;
    const expected = omit(task.expected, setLater);
    const isNew = task.note === undefined;
    const fail = (error: SyncError): WriteResult => ({ ok: false, error });
    if (note === undefined) {
      if (error) return fail(error);
      if (isNew)
        return fail(await this.errors.refused(`A new note of issue ${owner}`, 'added', shown.issue.project.id));
      return fail(new SyncError('notFound', `${noteName(owner, task.note ?? '')} was changed, and is gone since`));
    }
    if (isNew && wanted.seen === 'internal' && note.isPrivate !== true) return fail(await this.takeBack(owner, note));
    const entity = await this.reader.entity(shown, note);
    const result = await comparison({ entity, expected, ignored, exact: false, why });
    // an edit without an answer whose text is not shown was not carried out
    if (error && !isNew && result.ok && result.ignored) return fail(error);
    return isNew && step && result.ok ? { ...result, owner: step } : result;
  }

  /** An internal comment that came out public is deleted at once. */
  private async takeBack(owner: EntityId, note: RawNote): Promise<SyncError> {
    const what = `${noteName(owner, identityOf(note))} was to be internal and came out public`;
    const check = "Check the account's permission Set notes as private";
    try {
      await this.api.changeNote(note.id, { notes: '' });
      return new SyncError('forbidden', `${what}; it was deleted again, but may have been mailed. ${check}`);
    } catch (thrown) {
      const words = `${what}, and could not be deleted: ${asSyncError(thrown).message}. Delete it in Redmine. ${check}`;
      return new SyncError('forbidden', words);
    }
  }

  /** @see Connection.remove */
  async remove(ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    return removeEach(
      ids,
      (id) => NOTE_IDS.read(id)?.owner,
      this.concurrency,
      async (id) => {
        const place = NOTE_IDS.read(id);
        if (!place) return new SyncError('invalid', `"${id}" is not a comment: only comments can be deleted`);
        await this.removeOne(place.owner, place.part);
        return undefined;
      },
    );
  }

  private async removeOne(owner: EntityId, note: string): Promise<void> {
    const about = noteName(owner, note);
    await this.errors.assertChanges(about, 'deleted');
    try {
      await this.reader.assertThere(owner, note);
      await this.api.changeNote(journalOf(note), { notes: '' });
      this.reader.forget(owner);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'forbidden' && error.detail.status === 403)
        throw await this.errors.refused(about, 'deleted', undefined, error);
      // deleted, or only not visible: the issue shows which
      if (error.kind !== 'notFound' || (await this.isShown(owner, note))) throw error;
    }
  }

  /** @throws SyncError if the issue exists and cannot be seen */
  private async isShown(owner: EntityId, note: string): Promise<boolean> {
    const one = (await this.reader.ofIssues([owner])).get(owner);
    if (one instanceof SyncError) throw one;
    return one?.notes.some((each) => identityOf(each) === note) === true;
  }
}

const READ_ONLY = ['createdBy', 'createdAt', 'updatedBy', 'updatedAt'];

const why = (field: FieldId): string =>
  field === VISIBILITY
    ? "Redmine did not change who sees the note: the account's role lacks the permission Set notes as private"
    : 'Redmine did not take the text as it was sent: its database cannot hold a character of it, or the account may not change the note';

/** How Twinflow's notes alone have changed the version of their issue; undefined if something else has changed as
 * well, or nothing was known before. */
function stepOf(before: Known | undefined, shown: Discussion, ours: ReadonlySet<string>): Step | undefined {
  const after = stateOf(shown);
  if (!before || ours.size === 0 || before.content !== after.content) return undefined;
  return before.digest === shown.digest(ours) ? { before: before.version, after: after.version } : undefined;
}
