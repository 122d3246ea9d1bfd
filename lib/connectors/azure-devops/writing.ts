/**
 * Writes. Creates and updates are sent together. An update checks the revision that it is based on, so that nobody's
 * edit is overwritten: if a work item has changed since, that is a `conflict`, and the engine merges again. The answer
 * shows exactly the state that the write made.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { type FieldId, type Fields, isEmpty } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
import { type Answer, type Bulk, writeInRounds } from '../kit/bulk';
import { isSameText } from '../kit/people';
import { textOfValue } from '../kit/wanted';
import { type Results, refuseProblems, unseen } from '../kit/writes';
import type { Request } from './batch';
import { FILLED_IN, PARENT, STATE, TITLE } from './field-types';
import { markerLink, remoteLinkPatch } from './hyperlinks';
import { type Linking, type LinkWriter, mayBeLinks, updateOf } from './link-writing';
import { type LinkStep, linkSteps, type WantedLinks } from './links';
import type { Metadata } from './metadata';
import type { Patcher, PatchTarget } from './patching';
import { isSameButLinks, noWorkItem, type WorkItemReader } from './reading';
import { idOf, type PatchOperation, type RawWorkItem, textOf } from './shapes';

/** Current work items, or why they were not delivered; missing ones are gone. */
type Current = Map<EntityId, RawWorkItem | SyncError>;

interface Task {
  index: number;
  operation: WriteOperation;
  request: Request;
  target: PatchTarget;
  links: Linking;
  /** the update or create without these links, where there are some */
  bare: PatchOperation[];
  /** they were refused together with the fields, and follow one by one */
  apart?: true;
  /** for a create: a state in which a new work item cannot start, written in a second step */
  stateAfter?: string | undefined;
  /** for a create: fields that the process may have set, and that are to be empty */
  empty: FieldId[];
}

/**
 * What a create leaves to be done: a process lets new work items begin in few states, and fills fields that are to be empty.
 * One update does both, based on the revision that the create made.
 */
interface Second {
  task: Task;
  item: RawWorkItem;
  /** fields whose default is taken away */
  emptied: FieldId[];
  /** fields whose default stays → why */
  ignored: Record<FieldId, string>;
}

export class WorkItemWriter {
  constructor(
    private readonly batches: Bulk<Request, RawWorkItem>,
    private readonly metadata: Metadata,
    private readonly patcher: Patcher,
    private readonly reader: WorkItemReader,
    private readonly links: LinkWriter,
    private readonly bypassRules: boolean,
  ) {}

  /** @see Connection.write */
  write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    return writeInRounds<Current, Task>(
      operations,
      (round) => this.current(round),
      (operation, current, index) => this.prepare(index, operation, current, scope),
      (tasks, results) => this.inTurn(tasks, results, scope),
    );
  }

  /** The work items to update, as their caller read them last; those that nobody has read are read now. */
  private async current(operations: WriteOperation[]): Promise<Current> {
    const found: Current = new Map();
    const unread: EntityId[] = [];
    for (const operation of operations) {
      const id = operation.kind === 'update' ? idOf(operation.id) : undefined;
      if (operation.kind !== 'update' || id === undefined) continue;
      const base = this.reader.bases.take(id);
      if (base) found.set(operation.id, base);
      else unread.push(id);
    }
    const { items, failed } = await this.reader.deliver(unread);
    for (const [id, item] of items) found.set(id, item);
    for (const [id, error] of failed) found.set(id, error);
    return found;
  }

  /** @param fresh the work item as it was just read, with its texts */
  private async prepare(
    index: number,
    operation: WriteOperation,
    current: Current,
    scope: Scope,
    fresh?: RawWorkItem,
  ): Promise<Task | WriteResult> {
    const target = await this.targetOf(operation, current);
    if (operation.kind === 'update') checkPlace(operation.id, target, scope);
    const { fields, later } = await this.stepsOf(operation, target);
    const { operations, links: wanted, problems } = await this.patcher.patch(fields, target);
    const about = operation.kind === 'create' ? `A new ${target.type}` : `Work item ${operation.id}`;
    refuseProblems(about, problems);
    const before = target.current?.relations ?? [];
    const links: Linking = { wanted, steps: linkSteps(wanted, before), before };
    const { remoteLink, marker } = { marker: undefined, ...operation };
    const marking = marker === undefined ? [] : [markerLink(marker)];
    const own = (preceding: PatchOperation[]) => (remoteLink ? remoteLinkPatch(remoteLink, before, preceding) : []);
    const bare = [...operations, ...this.links.patchOf(parentSteps(links))];
    append(bare, [...own(bare), ...marking]);
    append(operations, this.links.patchOf(links.steps));
    append(operations, [...own(operations), ...marking]);
    if (operation.kind === 'update') {
      if (operations.length === 0)
        return fresh ? { ok: true, entity: await this.reader.entity(fresh) } : this.untouched(operation.id);
      const request = updateOf(operation.id, target.current?.rev ?? 0, operations);
      return { index, operation, request, target, links, bare, empty: [] };
    }
    const path = `${target.project.id}/_apis/wit/workitems/$${encodeURIComponent(target.type)}`;
    const nulls = Object.keys(operation.fields).filter((id) => isEmpty(operation.fields[id]));
    const empty = [...new Set([...(operation.empty ?? []), ...nulls])];
    const request = { about, path, create: true, operations };
    return { index, operation, request, target, links, bare, stateAfter: later, empty };
  }

  private async targetOf(operation: WriteOperation, current: Current): Promise<PatchTarget> {
    if (operation.kind === 'create') {
      const { project, type } = await this.metadata.type(operation.project, operation.type);
      return { project, type: type.name };
    }
    // not delivered is not gone
    const item = current.get(operation.id) ?? noWorkItem(operation.id);
    if (item instanceof SyncError) throw item;
    const project = await this.metadata.project(textOf(item.fields['System.TeamProject']) ?? '');
    return { project, type: textOf(item.fields['System.WorkItemType']) ?? '', current: item };
  }

  /** A process lets new work items begin in few states; another one is a second step. */
  private async stepsOf(operation: WriteOperation, target: PatchTarget): Promise<{ fields: Fields; later?: string }> {
    const { fields } = operation;
    const wanted = textOfValue(fields[STATE] ?? null);
    if (operation.kind === 'update' || !wanted || this.bypassRules) return { fields };
    const { type } = await this.metadata.type(target.project.id, target.type);
    const isIn = (states: readonly string[]) => states.some((state) => isSameText(state, wanted));
    const first = type.transitions?.get('') ?? [];
    if (!isIn(type.states) || first.length === 0 || isIn(first)) return { fields };
    const { [STATE]: _state, ...others } = fields;
    return { fields: others, later: wanted };
  }

  private async untouched(id: EntityId): Promise<WriteResult> {
    const entity = (await this.reader.read([id]))[0] ?? noWorkItem(id);
    return entity instanceof SyncError ? { ok: false, error: entity } : { ok: true, entity };
  }

  /**
   * A link may move the revision of the work item to which it leads, and is shown there. What is written to that one, behind it,
   * is made up again with what it shows then.
   */
  private async inTurn(tasks: Task[], results: Results, scope: Scope): Promise<void> {
    const linked = new Set<EntityId>();
    const later: Task[] = [];
    const first: Task[] = [];
    for (const task of tasks) {
      const { current } = task.target;
      if (current && linked.has(current.id)) {
        later.push(task);
        continue;
      }
      for (const { target } of task.links.steps) linked.add(target);
      const ordered = await this.inOrder(task, results, scope);
      if (ordered) first.push(ordered);
    }
    await this.carryOut(first, results);
    if (later.length === 0) return;
    const { items } = await this.reader.deliver(later.flatMap(({ target }) => target.current?.id ?? []));
    const again: Task[] = [];
    for (const task of later) {
      const { current: before } = task.target;
      const now = before && items.get(before.id);
      if (!now || !isSameButLinks(before, now)) {
        again.push(task);
        continue;
      }
      const known: Current = new Map([[before.id, now]]);
      try {
        const prepared = await this.prepare(task.index, task.operation, known, scope, now);
        if ('ok' in prepared) results.set(task.index, prepared);
        else again.push(prepared);
      } catch (thrown) {
        results.fail(task.index, thrown);
      }
    }
    await this.inTurn(again, results, scope);
  }

  /** With relations in the order in which a patch removes them, if it is to remove some. @returns undefined: it has its result */
  private async inOrder(task: Task, results: Results, scope: Scope): Promise<Task | undefined> {
    const { current } = task.target;
    const removes = task.request.operations.some(({ op, path }) => op === 'remove' && path.startsWith('/relations/'));
    if (!current || !removes) return task;
    try {
      const { relations } = await this.reader.alone(current.id);
      // still the revision that the caller based its decision on
      const known: Current = new Map([[current.id, { ...current, relations }]]);
      const prepared = await this.prepare(task.index, task.operation, known, scope);
      if (!('ok' in prepared)) return prepared;
      results.set(task.index, prepared);
    } catch (thrown) {
      results.fail(task.index, thrown);
    }
    return undefined;
  }

  private async carryOut(tasks: Task[], results: Results): Promise<void> {
    const answers = await this.batches.send(tasks.map(({ request }) => request));
    await this.withoutLinks(tasks, answers);
    await this.links.complete(
      tasks.map(({ links }) => links),
      answers,
    );
    const second: Second[] = [];
    for (const [at, task] of tasks.entries()) {
      const answer = answers[at];
      if (!answer) continue;
      const step = answer.ok ? await this.secondStep(task, answer.shown) : undefined;
      if (step) second.push(step);
      else results.set(task.index, await this.resultOf(task, answer));
    }
    await this.moveOn(second, results);
  }

  /** What is refused for what may be the fault of a link is sent again without links, which then follow one by one. */
  private async withoutLinks(tasks: Task[], answers: Answer<RawWorkItem>[]): Promise<void> {
    const refused = [...tasks.entries()].filter(([at, { links }]) => {
      const answer = answers[at];
      return (
        links.steps.some(({ field }) => field !== PARENT) &&
        answer !== undefined &&
        !answer.ok &&
        mayBeLinks(answer.error)
      );
    });
    const again: { at: number; request: Request }[] = [];
    for (const [at, task] of refused) {
      const { current } = task.target;
      task.apart = true;
      if (current && task.bare.length === 0) answers[at] = { ok: true, shown: current };
      else if (current) again.push({ at, request: updateOf(current.id, current.rev, task.bare) });
      else again.push({ at, request: { ...task.request, operations: task.bare } });
    }
    const second = await this.batches.send(again.map(({ request }) => request));
    for (const [index, { at }] of again.entries()) {
      const answer = second[index];
      if (answer) answers[at] = answer;
    }
  }

  /** What is left to be done to a new work item: its state, and what the process has filled that is to be empty. */
  private async secondStep(task: Task, item: RawWorkItem): Promise<Second | undefined> {
    const filled = task.empty.filter((id) => isFilled(item, id) && !FILLED_IN.has(id) && id !== TITLE);
    if (task.stateAfter === undefined && filled.length === 0) return undefined;
    const infos = await this.metadata.fields(task.target.project.id, task.target.type);
    const step: Second = { task, item, emptied: [], ignored: {} };
    for (const id of filled) {
      const info = infos.find((one) => one.id === id);
      if (info?.alwaysRequired && !this.bypassRules) step.ignored[id] = keptDefault(info.name, item.fields[id]);
      else if (info && !info.readOnly) step.emptied.push(id);
    }
    return step;
  }

  /** The second step of creates. Whatever becomes of it, they are made. */
  private async moveOn(created: Second[], results: Results): Promise<void> {
    const open = created.filter(({ task, emptied }) => task.stateAfter !== undefined || emptied.length > 0);
    const answers = await this.batches.send(open.map(secondRequest));
    for (const step of created) {
      const answer = answers[open.indexOf(step)];
      const { task, item, emptied } = step;
      const ignored = { ...step.ignored };
      if (answer && !answer.ok) {
        const why = answer.error.message;
        if (task.stateAfter !== undefined)
          ignored[STATE] =
            `it was created as ${textOf(item.fields[STATE])}: ${why}${await this.allowedFrom(task, item)}`;
        for (const id of emptied)
          ignored[id] = `its default ${shownOf(item.fields[id])} could not be taken away: ${why}`;
      }
      const now = answer?.ok ? answer.shown : item;
      for (const id of answer?.ok ? emptied : []) if (isFilled(now, id)) ignored[id] = keptDefault(id, now.fields[id]);
      const result = await this.resultOf(task, { ok: true, shown: now });
      const all = { ...(result.ok && result.ignored), ...ignored };
      results.set(task.index, result.ok && Object.keys(all).length > 0 ? { ...result, ignored: all } : result);
    }
  }

  private async resultOf(task: Task, answer: Answer<RawWorkItem>): Promise<WriteResult> {
    if (!answer.ok) return { ok: false, error: await this.explained(task, answer.error) };
    try {
      if (!task.apart) {
        const error = await this.links.checked(task.links, answer.shown);
        if (error) return { ok: false, error };
        return { ok: true, entity: await this.reader.written(answer.shown), exact: true };
      }
      const { item, ignored } = await this.links.oneByOne(answer.shown.id, others(task.links));
      return { ok: true, entity: await this.reader.written(item), ...(Object.keys(ignored).length > 0 && { ignored }) };
    } catch (thrown) {
      return { ok: false, error: unseen('Azure DevOps', 'Work item ', answer.shown.id, asSyncError(thrown)) };
    }
  }

  /** A refused state comes with those that the process allows. */
  private async explained(task: Task, error: SyncError): Promise<SyncError> {
    // it refused somebody: who people are is asked again
    if (error.kind === 'invalid' && /\bidentity\b/i.test(error.message)) this.patcher.people.accounts.forget();
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
      const allowed = (type.transitions?.get(now ?? '') ?? type.states).filter((state) => state !== now);
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
  const isOurs = projects.includes(project.id) && types.some((one) => isSameText(one, type));
  if (isOurs) return;
  const words = `Work item ${id} is of type ${type} in project ${project.name} now, which this integration does not sync`;
  throw new SyncError('invalid', `${words}: it was not written. Change it back, or add that pair to the integration.`);
}

/** Links that follow one by one. */
const others = ({ wanted }: Linking): WantedLinks[] => wanted.filter(({ field }) => field !== PARENT);

/** A parent is refused together with the fields, as a field would be. */
const parentSteps = ({ wanted, before }: Linking): LinkStep[] =>
  linkSteps(
    wanted.filter(({ field }) => field === PARENT),
    before,
  );

const secondRequest = ({ task: { stateAfter }, item, emptied }: Second): Request =>
  updateOf(item.id, item.rev, [
    ...(stateAfter === undefined ? [] : [{ op: 'add' as const, path: `/fields/${STATE}`, value: stateAfter }]),
    ...emptied.map((id) => ({ op: 'remove' as const, path: `/fields/${id}` })),
  ]);

const isFilled = ({ fields }: RawWorkItem, id: FieldId): boolean => (fields[id] ?? '') !== '';
const shownOf = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? '';
const keptDefault = (name: string, value: unknown): string =>
  `${name} is empty at the source, but Azure DevOps wants a value and keeps its default ${shownOf(value)}`;
