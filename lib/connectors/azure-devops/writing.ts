/**
 * Writes. Creates and updates go out together; an update tests the revision that it is based on, so that nobody's edit is
 * overwritten: a work item that changed since is a `conflict`, and the engine merges again. What the answer shows is the
 * very state that the write made.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { FieldId, Fields, Value } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
import { wholeBatch } from '../whole-batch';
import type { Answer, Batches, Request } from './batch';
import { FILLED_IN, PARENT, STATE, TITLE } from './field-types';
import { markerLink } from './marker';
import type { Metadata, TypeInfo } from './metadata';
import { isBlank, type Patcher, type PatchOperation, type PatchTarget } from './patching';
import type { WorkItemReader } from './reading';
import { remoteLinkPatch } from './remote-link';
import { isFilled, keptDefault, type Second, secondRequest, shownOf } from './second-step';
import { idOf, type RawWorkItem, textOf } from './shapes';

/** What is not clear after two tries is sent alone, if it is not more than this. */
const MOST_ALONE = 4;

/** Work items as they are now, or why they were not delivered; what is missing is gone. */
type Current = Map<EntityId, RawWorkItem | SyncError>;

interface Task {
  index: number;
  request: Request;
  target: PatchTarget;
  /** of a create: a state that a new work item cannot begin in, written in a second step */
  stateAfter?: string;
  /** of a create: fields that the process may have filled, and that are to be empty */
  empty: FieldId[];
}

export class WorkItemWriter {
  constructor(
    private readonly batches: Batches,
    private readonly metadata: Metadata,
    private readonly patcher: Patcher,
    private readonly reader: WorkItemReader,
    private readonly bypassRules: boolean,
  ) {}

  /** @see Connection.write */
  async write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const results: (WriteResult | undefined)[] = operations.map(() => undefined);
    for (const round of rounds(operations)) {
      const current = await this.current(round.map((index) => operations[index]));
      const tasks: Task[] = [];
      for (const index of round) {
        const operation = operations[index];
        if (!operation) continue;
        try {
          const prepared = await this.prepare(index, operation, current, scope);
          if ('request' in prepared) tasks.push(prepared);
          else results[index] = prepared;
        } catch (thrown) {
          results[index] = { ok: false, error: asSyncError(thrown) };
        }
      }
      await this.carryOut(tasks, results);
    }
    return results.map(
      (result, index) =>
        result ?? { ok: false, error: new SyncError('fatal', `Operation ${index + 1} was not carried out`) },
    );
  }

  /** The work items to update, as their caller read them last; those that nobody has read are read now. */
  private async current(operations: (WriteOperation | undefined)[]): Promise<Current> {
    const found: Current = new Map();
    const unread: number[] = [];
    const linked: number[] = [];
    for (const operation of operations) {
      const id = operation?.kind === 'update' ? idOf(operation.id) : undefined;
      if (operation?.kind !== 'update' || id === undefined) continue;
      const base = this.reader.takeBase(id);
      if (base) found.set(operation.id, base);
      // links are not read with every entity, and are addressed by their place in the list
      // a work item that says that it has no hyperlinks need not be asked for them
      const mayHaveLink = operation.remoteLink && base?.fields['System.HyperLinkCount'] !== 0;
      if (PARENT in operation.fields || mayHaveLink) linked.push(id);
      else if (!base) unread.push(id);
    }
    const bare = await this.reader.deliver(unread);
    for (const item of bare.items.values()) found.set(String(item.id), item);
    const full = await this.reader.deliver(linked, true);
    for (const item of full.items.values()) {
      // still the revision that the caller based its decision on
      const base = found.get(String(item.id));
      found.set(String(item.id), base && !(base instanceof SyncError) ? { ...item, rev: base.rev } : item);
    }
    for (const [id, error] of [...bare.failed, ...full.failed]) found.set(String(id), error);
    return found;
  }

  private async prepare(
    index: number,
    operation: WriteOperation,
    current: Current,
    scope: Scope,
  ): Promise<Task | WriteResult> {
    const target = await this.targetOf(operation, current);
    if (!target) {
      const id = operation.kind === 'update' ? operation.id : '';
      throw new SyncError('notFound', `Azure DevOps shows this account no work item ${id}`);
    }
    if (operation.kind === 'update') checkPlace(operation.id, target, scope);
    const { fields, later } = await this.stepsOf(operation, target);
    const { operations, problems } = await this.patcher.patch(fields, target);
    const about = operation.kind === 'create' ? `A new ${target.type}` : `Work item ${operation.id}`;
    const why = Object.entries(problems).map(([id, problem]) => `${id}: ${problem}`);
    if (why.length > 0) {
      throw new SyncError('invalid', `${about} was not written. ${why.join('; ')}`, { fields: problems });
    }
    if (operation.remoteLink)
      append(operations, remoteLinkPatch(operation.remoteLink, target.current?.relations, operations));
    if (operation.kind === 'update') {
      const rev = target.current?.rev ?? 0;
      if (operations.length === 0) return this.untouched(operation.id);
      const test: PatchOperation = { op: 'test', path: '/rev', value: rev };
      const path = `_apis/wit/workitems/${operation.id}`;
      return { index, request: { about, path, create: false, operations: [test, ...operations] }, target, empty: [] };
    }
    if (operation.marker !== undefined) operations.push(markerLink(operation.marker));
    const path = `${target.project.id}/_apis/wit/workitems/$${encodeURIComponent(target.type)}`;
    const nulls = Object.keys(operation.fields).filter((id) => isBlank(operation.fields[id]));
    const empty = [...new Set([...(operation.empty ?? []), ...nulls])];
    return { index, request: { about, path, create: true, operations }, target, stateAfter: later, empty };
  }

  private async targetOf(operation: WriteOperation, current: Current): Promise<PatchTarget | undefined> {
    if (operation.kind === 'create') {
      const { project, type } = await this.metadata.type(operation.project, operation.type);
      return { project, type: type.name };
    }
    const item = current.get(operation.id);
    // not delivered is not gone
    if (item instanceof SyncError) throw item;
    if (!item) return undefined;
    const project = await this.metadata.project(textOf(item.fields['System.TeamProject']) ?? '');
    return { project, type: textOf(item.fields['System.WorkItemType']) ?? '', current: item };
  }

  /** A process lets new work items begin in few states; another one is a second step. */
  private async stepsOf(operation: WriteOperation, target: PatchTarget): Promise<{ fields: Fields; later?: string }> {
    const { fields } = operation;
    const wanted = nameOf(fields[STATE]);
    if (operation.kind === 'update' || wanted === undefined || this.bypassRules) return { fields };
    const { type } = await this.metadata.type(target.project.id, target.type);
    const first = type.transitions?.get('');
    const known = type.states.some((state) => same(state, wanted));
    if (!known || !first || first.length === 0 || first.some((state) => same(state, wanted))) return { fields };
    const { [STATE]: _state, ...others } = fields;
    return { fields: others, later: wanted };
  }

  private async untouched(id: EntityId): Promise<WriteResult> {
    const [entity] = await this.reader.read([id]);
    if (entity instanceof SyncError) return { ok: false, error: entity };
    if (entity) return { ok: true, entity };
    return { ok: false, error: new SyncError('notFound', `Azure DevOps shows this account no work item ${id}`) };
  }

  private async carryOut(tasks: Task[], results: (WriteResult | undefined)[]): Promise<void> {
    const answers = await this.sendAll(tasks);
    const second: Second<Task>[] = [];
    for (const [at, task] of tasks.entries()) {
      const answer = answers[at];
      if (!answer) continue;
      const step = answer.ok ? await this.secondStep(task, answer.item) : undefined;
      if (step) second.push(step);
      else results[task.index] = await this.resultOf(task, answer);
    }
    await this.moveOn(second, results);
  }

  /**
   * What failed in a batch without a word about itself may have failed with a neighbour: it goes out again without those
   * that are to blame, a few alone. Where nobody is to blame, that is for the engine to find out.
   */
  private async sendAll(tasks: Task[]): Promise<Answer[]> {
    const answers: (Answer | undefined)[] = await this.batches.send(tasks.map(({ request }) => request));
    const blamed = answers.some((answer) => answer && !answer.ok && answer.own);
    const unclear = () => [...answers.keys()].filter((at) => isUnclear(answers[at]));
    if (blamed && unclear().length > 1) {
      const again = unclear();
      const second = await this.batches.send(again.flatMap((at) => tasks[at]?.request ?? []));
      for (const [index, at] of again.entries()) answers[at] = second[index] ?? answers[at];
    }
    const left = unclear();
    for (const at of left) {
      const [task, answer] = [tasks[at], answers[at]];
      if (!task || !answer || answer.ok) continue;
      if (left.length <= MOST_ALONE) answers[at] = await this.batches.single(task.request);
      else answers[at] = { ok: false, error: wholeBatch(answer.error, left.length), own: true };
    }
    return answers.flatMap((answer) => answer ?? []);
  }

  /** What is left to be done to a new work item: its state, and what the process has filled that is to be empty. */
  private async secondStep(task: Task, item: RawWorkItem): Promise<Second<Task> | undefined> {
    const filled = task.empty.filter((id) => isFilled(item, id) && !FILLED_IN.has(id) && id !== TITLE);
    if (task.stateAfter === undefined && filled.length === 0) return undefined;
    const infos = new Map(
      (await this.metadata.fields(task.target.project.id, task.target.type)).map((info) => [info.id, info]),
    );
    const step: Second<Task> = { task, item, state: task.stateAfter, emptied: [], ignored: {} };
    for (const id of filled) {
      const info = infos.get(id);
      if (info?.alwaysRequired && !this.bypassRules) step.ignored[id] = keptDefault(info.name, item.fields[id]);
      else if (info && !info.readOnly) step.emptied.push(id);
    }
    return step;
  }

  /** The second step of creates. Whatever becomes of it, they are made. */
  private async moveOn(created: Second<Task>[], results: (WriteResult | undefined)[]): Promise<void> {
    const open = created.filter(({ state, emptied }) => state !== undefined || emptied.length > 0);
    const answers = await this.batches.send(open.map(secondRequest));
    for (const step of created) {
      const answer = answers[open.indexOf(step)];
      const { task, item, state, emptied } = step;
      const ignored = { ...step.ignored };
      if (answer && !answer.ok) {
        const why = answer.error.message;
        if (state !== undefined)
          ignored[STATE] =
            `it was created as ${textOf(item.fields[STATE])}: ${why}${await this.allowedFrom(task, item)}`;
        for (const id of emptied)
          ignored[id] = `its default ${shownOf(item.fields[id])} could not be taken away: ${why}`;
      }
      const now = answer?.ok ? answer.item : item;
      for (const id of answer?.ok ? emptied : []) if (isFilled(now, id)) ignored[id] = keptDefault(id, now.fields[id]);
      const result = await this.resultOf(task, { ok: true, item: now });
      results[task.index] = result.ok && Object.keys(ignored).length > 0 ? { ...result, ignored } : result;
    }
  }

  private async resultOf(task: Task, answer: Answer): Promise<WriteResult> {
    if (!answer.ok) return { ok: false, error: await this.explained(task, answer.error) };
    try {
      return { ok: true, entity: await this.reader.written(answer.item), exact: true };
    } catch (thrown) {
      // uncertain: a create must not be tried again as if nothing had happened
      const { kind, message, detail } = asSyncError(thrown);
      const words = `Work item ${answer.item.id} was written, but could not be described: ${message}`;
      return { ok: false, error: new SyncError(kind, words, { ...detail, uncertain: true }) };
    }
  }

  /** A refused state comes with those that the process allows. */
  private async explained(task: Task, error: SyncError): Promise<SyncError> {
    if (error.kind === 'invalid' && /\bidentity\b/i.test(error.message)) this.patcher.forgetPeople();
    const { current } = task.target;
    // gone or hidden? The refusal does not say which
    if (error.kind === 'notFound' && current && new RegExp(`\\b${current.id}\\b`).test(error.detail.answer ?? '')) {
      const { failed } = await this.reader.deliver([current.id]);
      return failed.get(current.id) ?? error;
    }
    const why = error.detail.fields?.[STATE];
    if (error.kind !== 'invalid' || why === undefined) return error;
    const allowed = await this.allowedFrom(task, task.target.current);
    const fields: Record<FieldId, string> = { ...error.detail.fields, [STATE]: `${why}${allowed}` };
    return new SyncError('invalid', `${error.message}${allowed}`, { ...error.detail, fields });
  }

  private async allowedFrom(task: Task, item: RawWorkItem | undefined): Promise<string> {
    try {
      const { type } = await this.metadata.type(task.target.project.id, task.target.type);
      const now = textOf(item?.fields[STATE]);
      const allowed = allowedStates(type, now);
      return ` The process allows ${allowed.length > 0 ? allowed.join(', ') : 'no other state'}${now ? ` after ${now}` : ''}.`;
    } catch {
      return '';
    }
  }
}

/**
 * A work item that is of another type now, or in another project, is not read any more, and so not written either: what is
 * only overwritten, and never read, is lost in silence.
 * @throws SyncError invalid
 */
function checkPlace(id: EntityId, { project, type }: PatchTarget, { projects, types }: Scope): void {
  const isOurs = projects.includes(project.id) && types.some((one) => same(one, type));
  if (isOurs) return;
  const words = `Work item ${id} is of type ${type} in project ${project.name} now, which this integration does not sync`;
  throw new SyncError('invalid', `${words}: it was not written. Change it back, or add that pair to the integration.`);
}

const isUnclear = (answer: Answer | undefined): boolean => answer !== undefined && !answer.ok && !answer.own;

function allowedStates(type: TypeInfo, now: string | undefined): string[] {
  const next = type.transitions?.get(now ?? '') ?? type.states;
  return next.filter((state) => state !== now);
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function nameOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && 'name' in value ? textOf(value.name) : undefined;
}

/** Operations on one work item follow each other; all others go together. */
function rounds(operations: WriteOperation[]): number[][] {
  const result: number[][] = [];
  const turns = new Map<EntityId, number>();
  for (const [index, operation] of operations.entries()) {
    const turn = operation.kind === 'update' ? (turns.get(operation.id) ?? 0) : 0;
    if (operation.kind === 'update') turns.set(operation.id, turn + 1);
    const round = result[turn] ?? [];
    round.push(index);
    result[turn] = round;
  }
  return result;
}
