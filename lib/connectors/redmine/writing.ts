/**
 * Writes: one request per create or update, only a few in parallel. Redmine answers an update with 204 and no body,
 * even if it ignored parts of it. So the updated issues are read back, a hundred at a time, and compared with the
 * wanted values.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Value } from '../../model/values';
import type { ReadResult, Scope, WriteOperation, WriteResult } from '../connector';
import { idOfValue, nameOf } from '../kit/compare';
import { type Prepared, refuseProblems, type Sent, writeEach } from '../kit/writes';
import type { RedmineApi } from './api';
import type { IssueReader } from './reading';
import { writeRelations } from './relations';
import { FieldResolver, fieldName, type Resolved, type Target } from './resolving';
import type { RawIssue } from './shapes';

/** Some versions round hours to hundredths: half of that, in seconds. */
const HOURS_ROUNDING = 18;

export class IssueWriter {
  /** relations are written one after the other */
  private relating: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly api: RedmineApi,
    private readonly resolver: FieldResolver,
    private readonly reader: IssueReader,
    /** requests at the same time */
    private readonly concurrency: number,
  ) {}

  /** @see Connection.write */
  async write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const places = await this.placesOf(scope, operations);
    return writeEach<Resolved, RawIssue>(
      {
        product: 'Redmine',
        thing: 'Issue ',
        concurrency: this.concurrency,
        prepare: (operation) => this.prepare(operation, places),
        send: (operation, resolved) => this.send(operation, resolved),
        describe: (issues) => this.reader.entities(issues),
        readBack: (ids) => this.reader.byId(ids),
        tolerance: (field) => (field === 'estimated_hours' ? HOURS_ROUNDING : undefined),
        why: (field, wanted, entity) =>
          field === 'status'
            ? this.whyStatus(entity, wanted)
            : whyField(field, entity.fields[field], field in entity.fields),
        gone,
      },
      operations,
    );
  }

  private async prepare(
    operation: WriteOperation,
    places: ReadonlyMap<EntityId, Target | SyncError>,
  ): Promise<Prepared<Resolved>> {
    const isNew = operation.kind === 'create';
    const target = isNew ? operation : places.get(operation.id);
    if (target instanceof SyncError) throw target;
    if (!target) throw new SyncError('notFound', `Redmine shows this account no issue ${isNew ? '' : operation.id}`);
    const resolved = await this.resolver.resolve(operation.fields, target, isNew);
    refuseProblems(isNew ? 'A new issue' : `Issue ${operation.id}`, resolved.problems);
    return { request: resolved, expected: resolved.expected, ignored: resolved.ignored };
  }

  /** The places of the issues to update. One request per hundred issues that were never read, and only if the place
   * matters. */
  private async placesOf(scope: Scope, operations: WriteOperation[]): Promise<Map<EntityId, Target | SyncError>> {
    const updates = operations.filter((one) => one.kind === 'update');
    const [project = '', ...otherProjects] = scope.projects;
    const [type = '', ...otherTypes] = scope.types;
    const places = new Map(updates.map(({ id }): [EntityId, Target | SyncError] => [id, { project, type }]));
    if (otherProjects.length === 0 && otherTypes.length === 0) return places;
    const unclear = updates.filter(({ fields }) => FieldResolver.needsProject(fields)).map(({ id }) => id);
    const unread = new Set(unclear.filter((id) => !this.reader.placeOf(id)));
    const read = new Map<EntityId, ReadResult>();
    for (const [index, result] of (unread.size > 0 ? await this.reader.byId([...unread]) : []).entries())
      read.set([...unread][index] ?? '', result);
    for (const id of unclear) {
      const place = read.get(id) ?? this.reader.placeOf(id);
      if (place) places.set(id, place);
      else places.delete(id);
    }
    return places;
  }

  private async send(operation: WriteOperation, resolved: Resolved): Promise<Sent<RawIssue>> {
    const sent = await this.sendFields(operation, resolved);
    const { relations } = resolved;
    if (Object.keys(relations).length === 0) return sent;
    // both ends may ask for one relation at the same time, and Redmine would keep it twice
    const written = this.relating.then(() => writeRelations(this.api, sent.id, relations));
    this.relating = written.catch(() => undefined);
    const refused = await written;
    return { id: sent.id, ignored: { ...sent.ignored, ...refused } };
  }

  private async sendFields(operation: WriteOperation, { parameters, target }: Resolved): Promise<Sent<RawIssue>> {
    if (operation.kind === 'update') {
      if (Object.keys(parameters).length > 0) await this.api.update(operation.id, parameters);
      return { id: operation.id };
    }
    const { project, type } = target;
    const issue = await this.api.create({ project_id: Number(project), tracker_id: Number(type), ...parameters });
    const { id, status } = issue;
    const wanted = parameters.status_id;
    // a create's own answer shows the issue as it was created; reading it back may show users' changes, too
    if (wanted === undefined || status.id === String(wanted)) return { id, shown: issue, exact: true };
    // a workflow usually allows only a few statuses for new issues; the wanted one may be one step away
    try {
      await this.api.update(id, { status_id: wanted });
      return { id };
    } catch (thrown) {
      const words = asSyncError(thrown).message;
      return { id, ignored: { status: `The issue was created with the status ${status.name}: ${words}` } };
    }
  }

  private async whyStatus(entity: Entity, wanted: Value): Promise<string> {
    const sentence = `The workflow does not let this account change the status from ${nameOf(entity.fields.status)} to ${nameOf(wanted)}`;
    try {
      const { allowedStatuses } = await this.api.issue(entity.id, 'allowed_statuses');
      const names = allowedStatuses.filter(({ id }) => id !== idOfValue(entity.fields.status)).map(({ name }) => name);
      return `${sentence}; it allows ${names.length > 0 ? names.join(', ') : 'no other status'}`;
    } catch {
      return sentence;
    }
  }
}

const gone = (id: EntityId): SyncError =>
  new SyncError(
    'notFound',
    `Issue ${id} was written, but is out of sight for this account now (deleted, moved or private)`,
  );

const whyField = (field: FieldId, shown: Value | undefined, there: boolean): string =>
  there
    ? `Redmine did not take the value of ${fieldName(field)} and shows "${nameOf(shown)}": the workflow or a permission forbids it, or it is calculated (from subtasks)`
    : `Redmine shows no ${fieldName(field)} here: the tracker doesn't use it, or the account may not see it`;
