/**
 * Writes issues. A request creates up to fifty, or updates all fields of one. Changes of status follow as transitions. On Cloud the
 * answer to an update is the updated issue. Everything else is read back, up to a hundred issues in a request, and compared with
 * the sent values.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, LookupValue, Value } from '../../model/values';
import { REMOTE_LINK, type WriteOperation, type WriteResult } from '../connector';
import { nameOf } from '../kit/compare';
import { isJson, type Json, objectsOf, textOf } from '../kit/json';
import { Recent } from '../kit/recent';
import { collectProblems } from '../kit/wanted';
import type { Context, Workflow } from '../kit/workflow';
import { type Create, type Prepared, refuseProblems, type Sent, writeEach } from '../kit/writes';
import { CREATE, type JiraApi } from './api';
import { elementsOf, elementsOfError, refused } from './failures';
import { isLinkField, linksOf, type RawLink, type WantedLinks, wantedLinks, writeLinks } from './links';
import type { Metadata } from './metadata';
import { type IssueReader, LARGEST_OWN } from './reading';
import { bodyOf, hasChanges, type Resolved, type Resolver, type ScreenChanges } from './resolving';
import type { RawIssue } from './shapes';

/** The entity property with the marker of a create. */
export const MARKER = 'twinflow';
/** Number of own writes that are remembered for searches, which must not rely on the index. */
const RECENT = 200;
/** Jira stores minutes: half of one, in seconds. */
const MINUTE_ROUNDING = 30;

interface Ready extends Resolved {
  context: Context;
  links: WantedLinks[];
}

/** Changes of links in one call: what is done at one end need not be done at the other one. */
type Linking = Map<string, Promise<void>>;

/** One write in progress. */
interface Progress {
  id: EntityId;
  operation: WriteOperation;
  ready: Ready;
  /** the state in the write's own answer, if no request followed */
  issue?: RawIssue | undefined;
  /** a new issue as read after its create, if no request followed */
  begun?: RawIssue | undefined;
  ignored: Record<FieldId, string>;
}

export class IssueWriter {
  /** issues of the newest writes, as shown by their answers; undefined = not kept */
  private readonly recent = new Recent<EntityId, Entity | undefined>(RECENT);

  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
    private readonly resolver: Resolver,
    private readonly reader: IssueReader,
    private readonly workflow: Workflow,
    /** requests at the same time */
    private readonly concurrency: number,
  ) {}

  /** The newest writes of this connection, oldest first: the index may not have them yet. */
  recentWrites(): [EntityId, Entity | undefined][] {
    return [...this.recent];
  }

  /** @see Connection.write */
  async write(operations: WriteOperation[]): Promise<WriteResult[]> {
    await this.findPlaces(operations);
    // both ends of a link may be written in one call
    const linking = new Map<string, Promise<void>>();
    let begun = new Map<EntityId, RawIssue>();
    const results = await writeEach<Ready, RawIssue>(
      {
        ...{ product: 'Jira', thing: 'Issue ', concurrency: this.concurrency, anyText: true, tolerance, why, gone },
        prepare: (operation) => this.prepare(operation),
        bulk: {
          most: CREATE,
          create: (some) => this.create(some),
          created: async (all) => {
            for (const { id } of all) this.recent.set(id, undefined);
            // the first statuses of new issues, a hundred in a request; without this, each would need its own
            const moving = all.filter(({ request }) => request.status !== undefined).map(({ id }) => id);
            const found = await this.reader.inHundreds(moving).catch(() => []);
            begun = new Map(found.map((issue) => [issue.id, issue]));
          },
          complete: (id, { operation, request }) => this.complete(id, operation, request, begun.get(id), linking),
        },
        send: (operation, ready) => this.update(operation, ready, linking),
        describe: (issues) => this.reader.entities(issues),
        readBack: (ids) => this.reader.byId(ids),
        // Data Center: the answering node's index may lag behind
        ...(!this.api.isCloud && { readAlone: async (id) => (await this.reader.byId([id]))[0] }),
        keep: (entity, isExact) => this.reader.keepOwn(entity, isExact),
      },
      operations,
    );
    for (const result of results) {
      if (result.ok && JSON.stringify(result.entity).length <= LARGEST_OWN)
        this.recent.set(result.entity.id, result.entity);
    }
    return results;
  }

  /** Project and type of the issues to update: remembered from the last read, else one request for a hundred. */
  private async findPlaces(operations: WriteOperation[]): Promise<void> {
    const ids = operations.flatMap((one) => (one.kind === 'update' && !this.reader.placeOf(one.id) ? [one.id] : []));
    if (ids.length > 0) await this.reader.byId([...new Set(ids)]);
  }

  private async prepare(operation: WriteOperation): Promise<Prepared<Ready>> {
    const isNew = operation.kind === 'create';
    const place = isNew ? operation : this.reader.placeOf(operation.id);
    if (!place) throw new SyncError('notFound', `Jira shows this account no issue ${isNew ? '' : operation.id}`);
    const context = { project: place.project, type: place.type };
    const [related, fields] = partition(operation.fields);
    const resolved = await this.resolver.resolve(fields, context, isNew, isNew ? operation.empty : []);
    const linkFields = Object.keys(related).length > 0 ? await this.metadata.linkFields() : [];
    const links: WantedLinks[] = [];
    const problems = await collectProblems(related, async (id, value) => {
      links.push(wantedLinks(linkFields, id, value));
    });
    refuseProblems(isNew ? 'A new issue' : `Issue ${operation.id}`, { ...resolved.problems, ...problems });
    return { request: { ...resolved, context, links }, expected: resolved.expected };
  }

  private async create(some: Create<Ready>[]): Promise<(EntityId | SyncError)[]> {
    let refusals: ReturnType<typeof elementsOf>;
    let created: Json[] = [];
    try {
      const answer = await this.api.create(some.map(newIssue));
      refusals = elementsOf(answer);
      created = objectsOf(answer.issues);
    } catch (thrown) {
      refusals = elementsOfError(asSyncError(thrown));
      if (refusals.size === 0) throw thrown;
    }
    // the answer lists the created ones in the order of the request, without the failed ones
    let next = 0;
    return some.map((_, element) => {
      const refusal = refusals.get(element);
      const id = refusal ? undefined : textOf(created[next++]?.id);
      return id ?? refused('A new issue', refusal ?? { messages: [], fields: {} });
    });
  }

  private async update(operation: WriteOperation, ready: Ready, linking: Linking): Promise<Sent<RawIssue>> {
    const id = operation.kind === 'update' ? operation.id : '';
    const one: Progress = { id, operation, ready, ignored: { ...ready.ignored } };
    if (hasChanges(ready.edit)) await this.put(one, ready.edit);
    await this.moveTo(one);
    await this.relate(one, this.reader.linksOf(id), linking);
    // without fields, there is only the link
    await this.link(one, Object.keys(operation.fields).length > 0 ? 'The fields were written' : undefined);
    this.recent.set(id, undefined);
    return sentOf(one);
  }

  /** Adds what a create cannot set. If this is rejected, the new issue stays and the rejection is reported. */
  private async complete(
    id: EntityId,
    operation: WriteOperation,
    ready: Ready,
    begun: RawIssue | undefined,
    linking: Linking,
  ): Promise<Sent<RawIssue>> {
    const one: Progress = { id, operation, ready, begun, ignored: { ...ready.ignored } };
    const { edit, empty } = ready;
    try {
      if (hasChanges(edit)) {
        await this.put(one, edit).catch((thrown: unknown) => {
          const { message, detail } = refusalIn(thrown);
          for (const field of Object.keys({ ...edit.fields, ...edit.update }))
            one.ignored[field] = `The issue was created without it: ${detail.fields?.[field] ?? message}`;
        });
      }
      for (const [field, changes] of empty) {
        await this.put(one, changes).catch((thrown: unknown) => {
          const { message, detail } = refusalIn(thrown);
          one.ignored[field] = `Jira's default stays: ${detail.fields?.[field] ?? message}`;
        });
      }
      await this.moveTo(one).catch((thrown: unknown) => {
        one.ignored.status = `The issue was created with its first status: ${refusalIn(thrown).message}`;
      });
      await this.relate(one, [], linking);
      await this.link(one, 'The issue was created');
    } catch (thrown) {
      const { kind, message, detail } = asSyncError(thrown);
      const words = `Issue ${id} was created, but not all that belongs to it could be written: ${message}`;
      // uncertain: the next attempt finds it and writes the rest
      throw new SyncError(kind, words, { ...detail, uncertain: true });
    }
    return sentOf(one);
  }

  private async put(one: Progress, changes: ScreenChanges): Promise<void> {
    one.begun = undefined;
    one.issue = (await this.api.update(one.id, one.ready.context.project, bodyOf(changes))) ?? one.issue;
  }

  /** Writes links to other issues, which an edit cannot contain. Then the issue is read. */
  private async relate(one: Progress, shown: readonly RawLink[] | undefined, linking: Linking): Promise<void> {
    const { id, ready } = one;
    if (ready.links.length === 0) return;
    const calls = {
      read: async () => linksOf((await this.api.issue(id, { fields: ['issuelinks'] })).fields.issuelinks),
      create: (type: string, from: string, to: string) =>
        changed(`${type}: ${from} > ${to}`, () => this.api.relate(type, from, to)),
      remove: (link: string) => changed(link, () => this.api.unrelate(link)),
    };
    const changed = (what: string, call: () => Promise<void>): Promise<void> => {
      one.issue = undefined;
      one.begun = undefined;
      const done = linking.get(what) ?? call();
      linking.set(what, done);
      return done;
    };
    Object.assign(one.ignored, await writeLinks(calls, id, ready.links, shown));
  }

  /**
   * Writes the link to the counterpart, which is not a field. Then the issue is read.
   * @param without the result without the link, if the link is rejected; undefined = then the whole write fails
   */
  private async link(one: Progress, without: string | undefined): Promise<void> {
    const { remoteLink } = one.operation;
    if (!remoteLink) return;
    const { key, url, title } = remoteLink;
    one.issue = undefined;
    one.begun = undefined;
    try {
      await this.api.link(one.id, key, { url, title });
    } catch (thrown) {
      if (without === undefined) throw thrown;
      one.ignored[REMOTE_LINK] = `${without} without it: ${refusalIn(thrown).message}`;
    }
  }

  /** Moves the issue to the target status. */
  private async moveTo(one: Progress): Promise<void> {
    const { context, status: to, transition: values } = one.ready;
    const used = to && (await this.moved(one, context, to));
    for (const field of Object.keys(values)) {
      if (used?.has(field)) delete one.ignored[field];
      else
        one.ignored[field] ??= used
          ? `No transition to ${to?.name} has ${field} on its screen`
          : `Jira sets ${field} only together with a change of status`;
    }
  }

  private async moved(one: Progress, context: Context, to: LookupValue): Promise<ReadonlySet<string> | undefined> {
    const values = one.ready.transition;
    // the last read status saves a request; if the path from it fails, the current one is read
    const shown = one.issue ?? one.begun;
    const remembered = shown ? statusOf(shown) : this.reader.placeOf(one.id)?.status;
    // a new issue has the status of its create
    const isKnown = remembered && (remembered.id !== to.id || one.operation.kind === 'create');
    let from = isKnown ? remembered : await this.statusNow(one);
    while (from.id !== to.id) {
      one.issue = undefined;
      one.begun = undefined;
      try {
        return await this.workflow.move({ id: one.id, context, from, to, values });
      } catch (thrown) {
        if (from !== remembered || asSyncError(thrown).kind !== 'invalid') throw thrown;
        const now = await this.statusNow(one);
        if (now.id === from.id) throw thrown;
        from = now;
      }
    }
    return undefined;
  }

  private async statusNow({ id, issue }: Progress): Promise<LookupValue> {
    return statusOf(issue ?? (await this.api.issue(id, { fields: ['status'] })));
  }
}

/** Splits fields into links to other issues and all others. */
const partition = (fields: Fields): [Fields, Fields] => {
  const entries = Object.entries(fields);
  const some = (isLink: boolean) => Object.fromEntries(entries.filter(([id]) => isLinkField(id) === isLink));
  return [some(true), some(false)];
};

const tolerance = (field: FieldId): number | undefined => (field.startsWith('time') ? MINUTE_ROUNDING : undefined);

const why = (field: FieldId, wanted: Value, { fields }: Entity): string =>
  field in fields
    ? `Jira did not take "${nameOf(wanted)}" for ${field} and shows "${nameOf(fields[field])}": a workflow function, an automation rule or the default value may have set it`
    : `Jira shows no ${field} here: the field isn't used in this project and issue type, or the account may not see it`;

const gone = (id: EntityId): SyncError =>
  new SyncError(
    'notFound',
    `Issue ${id} was written, but is out of sight for this account now (deleted, moved or hidden)`,
  );

/** Why a part was rejected. @throws SyncError if the system failed, which is not a rejection */
function refusalIn(thrown: unknown): SyncError {
  const error = asSyncError(thrown);
  if (error.kind === 'transient' || error.kind === 'rateLimited' || error.kind === 'auth') throw error;
  return error;
}

const sentOf = ({ id, issue, begun, ignored }: Progress): Sent<RawIssue> => {
  const shown = issue ?? begun;
  return { id, ignored, ...(shown && { shown }), ...(issue && { exact: true }) };
};

function newIssue({ operation: { marker }, request: { create, context } }: Create<Ready>): Json {
  const place = { project: { id: context.project }, issuetype: { id: context.type } };
  return {
    ...bodyOf(create),
    fields: { ...create.fields, ...place },
    ...(marker !== undefined && { properties: [{ key: MARKER, value: { marker } }] }),
  };
}

function statusOf({ fields: { status } }: RawIssue): LookupValue {
  const json = isJson(status) ? status : {};
  const id = textOf(json.id);
  return { ...(id && { id }), name: textOf(json.name) ?? '?' };
}
