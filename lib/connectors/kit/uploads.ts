/**
 * Writes attachments of systems that take a file in two steps: it is uploaded, which nobody sees, and becomes known by that; then its
 * item gets all that was uploaded for it, in one update. So what an update without an answer has done can be seen, and a file whose
 * upload breaks off is not there at all.
 */

import type { FileContent } from '../../model/content';
import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { FieldId, Fields } from '../../model/values';
import type { Step, WriteOperation, WriteResult } from '../connector';
import { DESCRIPTION, NAME, SET_BY_SYSTEM } from './attachments';
import { collectProblems, Problem, takesLine, takesText } from './wanted';
import { comparison, Halt, inQueues, Results, refuseProblems, unseen } from './writes';

/** An operation on an attachment. */
export interface FileTask {
  index: number;
  operation: WriteOperation;
  /** the item */
  owner: EntityId;
  /** for errors */
  about: string;
  /** what to write, and what is expected to be shown afterwards */
  fields: { [NAME]?: string; [DESCRIPTION]?: string };
  ignored: Record<FieldId, string>;
}

/** What errors call the system and its items: "Redmine", "issue". */
export interface FileWords {
  product: string;
  item: string;
}

/** A file that the system has received. */
export interface Upload<File> {
  task: FileTask;
  /** by which the system knows it */
  file: File;
  /** no answer to its attaching has come */
  error?: SyncError;
}

/** An item after files were attached to it. */
export interface Attached<File> {
  /** undefined: the item does not have it */
  entity(file: File): Promise<Entity | undefined>;
  /** how these files alone have changed the version of their item */
  step: Step | undefined;
}

export interface UploadSteps<File, Before, Answer> extends FileWords {
  /** items at the same time */
  concurrency: number;
  /** @throws SyncError */
  prepare(operation: WriteOperation, index: number): Promise<FileTask>;
  /** An update of an attachment that is there. @throws SyncError */
  change(task: FileTask, id: EntityId): Promise<WriteResult>;
  /** @throws SyncError – nothing is seen of the file then */
  upload(task: FileTask, content: FileContent): Promise<File>;
  /** What is known of an item before it is changed. */
  before(owner: EntityId): Before;
  /** One update. @throws SyncError */
  attach(owner: EntityId, files: File[]): Promise<Answer>;
  /** Words for an update that was refused. */
  refused(task: FileTask, error: SyncError): Promise<SyncError>;
  /** @param answer to the last update; undefined = it had none. @returns the item; undefined or an error: it is not to be seen */
  attached(
    owner: EntityId,
    sent: readonly Upload<File>[],
    before: Before,
    answer: Answer | undefined,
  ): Promise<Attached<File> | SyncError | undefined>;
  /** Why an attached file may be missing. */
  missing: string;
  /** Why a field may be shown otherwise than it was sent. */
  why(field: FieldId): string;
}

/** Operations on attachments alone. @see Connection.write */
export async function writeUploads<File, Before, Answer>(
  steps: UploadSteps<File, Before, Answer>,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  const results = new Results(operations);
  const ofItem = new Map<EntityId, FileTask[]>();
  for (const [index, operation] of operations.entries()) {
    try {
      const task = await steps.prepare(operation, index);
      ofItem.set(task.owner, [...(ofItem.get(task.owner) ?? []), task]);
    } catch (thrown) {
      results.fail(index, thrown);
    }
  }
  const halt = new Halt();
  await inQueues(
    [...ofItem],
    ([owner]) => owner,
    steps.concurrency,
    async ([owner, tasks]) => {
      const uploaded: Upload<File>[] = [];
      for (const task of tasks) {
        try {
          halt.check();
          const { operation } = task;
          if (operation.kind === 'update') results.set(task.index, await steps.change(task, operation.id));
          else if (operation.content) uploaded.push({ task, file: await steps.upload(task, operation.content) });
        } catch (thrown) {
          const error = asSyncError(thrown);
          halt.learn(error);
          results.fail(task.index, error);
        }
      }
      if (uploaded.length > 0) await attach(steps, owner, uploaded, halt, results);
    },
  );
  return results.all();
}

async function attach<File, Before, Answer>(
  steps: UploadSteps<File, Before, Answer>,
  owner: EntityId,
  uploaded: Upload<File>[],
  halt: Halt,
  results: Results,
): Promise<void> {
  const before = steps.before(owner);
  const sent: Upload<File>[] = [];
  let answer: Answer | undefined;
  // a single one that is not taken makes the system refuse them all
  for (let groups = [uploaded]; groups.length > 0; ) {
    const [group = [], ...others] = groups;
    groups = others;
    try {
      halt.check();
      answer = await steps.attach(
        owner,
        group.map(({ file }) => file),
      );
      append(sent, group);
    } catch (thrown) {
      const error = asSyncError(thrown);
      halt.learn(error);
      if (error.detail.uncertain)
        append(
          sent,
          group.map((one) => ({ ...one, error })),
        );
      else if (error.kind === 'invalid' && group.length > 1) groups = [...group.map((one) => [one]), ...groups];
      else for (const { task } of group) results.fail(task.index, await steps.refused(task, error));
    }
  }
  if (sent.length === 0) return;
  const item = await steps.attached(owner, sent, before, answer);
  for (const { task, file, error } of sent) {
    if (item === undefined || item instanceof SyncError) {
      results.fail(task.index, error ?? unseen(steps.product, `The attachment of ${steps.item} `, owner, item));
      continue;
    }
    const entity = await item.entity(file);
    if (!entity) {
      const words = `${task.about} was sent, and ${steps.product} does not show it: ${steps.missing}`;
      results.fail(task.index, error ?? new SyncError('forbidden', words));
      continue;
    }
    const { fields: expected, ignored } = task;
    const result = await comparison({ entity, expected, ignored, exact: false, why: steps.why });
    results.set(task.index, result.ok && item.step ? { ...result, owner: item.step } : result);
  }
}

export interface FileFormat extends FileWords {
  /** where the attachment is, or is to be; undefined: there is no such place */
  owner: EntityId | undefined;
  /** in errors: an attachment that is there */
  called: string;
  canRename: boolean;
  longest: { name: number; description: number };
}

/** What an operation on an attachment asks for. @throws SyncError invalid, with `fields` */
export async function fileTask(operation: WriteOperation, index: number, format: FileFormat): Promise<FileTask> {
  const { product, item, owner, longest } = format;
  const isNew = operation.kind === 'create';
  if (owner === undefined) {
    const words = isNew
      ? `An attachment needs the ${item} that gets it`
      : `${product} has no attachment "${operation.id}"`;
    throw new SyncError('invalid', words);
  }
  const given = isNew ? (operation.fields[NAME] ?? operation.content?.name ?? null) : null;
  const about = isNew ? `The file "${typeof given === 'string' ? given : ''}" for ${item} ${owner}` : format.called;
  const fields: FileTask['fields'] = {};
  const ignored: Record<FieldId, string> = {};
  const all: Fields = isNew ? { ...operation.fields, [NAME]: given } : operation.fields;
  const problems = await collectProblems(all, async (id, value) => {
    if (id === NAME && (isNew || format.canRename)) fields[NAME] = takesLine('Name', value, longest.name);
    else if (id === NAME) ignored[NAME] = `${product} cannot rename attachments`;
    else if (id === DESCRIPTION) fields[DESCRIPTION] = takesText('Description', value, longest.description);
    else if (SET_BY_SYSTEM.includes(id)) ignored[id] = `It is set by ${product} and cannot be written`;
    else throw new Problem(`An attachment has no field "${id}"`);
  });
  if (isNew && !operation.content) problems.size = 'An attachment needs a file';
  refuseProblems(about, problems);
  return { index, operation, owner, about, fields, ignored };
}
