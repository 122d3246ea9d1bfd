/** Builds that are asked for, through Buildbot's force schedulers. They can be created, and nothing else. */

import type { Entity, Field, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { FindQuery, FindResult, WriteOperation, WriteResult } from '../connector';
import { isSearched, nameOf } from '../kit/compare';
import { isJson, type Json, numberOf, textOf } from '../kit/json';
import { Halt, Results } from '../kit/writes';
import { type Api, type ForceScheduler, type Parameter, PRODUCT } from './api';
import { FORCED, forcedId, resultOf } from './entities';

const MOST_FOUND = 200;

export class Forcing {
  constructor(private readonly api: Api) {}

  /** @throws SyncError notFound */
  async fields(project: ProjectId): Promise<Field[]> {
    await this.api.builder(project);
    const scheduler = await this.schedulerOf(project);
    const shown = (id: string, name: string, type: Field['type']): Field => ({ id, name, type, readOnly: true });
    return [
      ...(scheduler?.parameters ?? []).map(fieldOf),
      ...[shown('complete', 'Complete', 'boolean'), shown('results', 'Result', 'lookup')],
      shown('submitted', 'Submitted', 'datetime'),
    ];
  }

  async read(id: number): Promise<Entity | undefined> {
    const request = await this.api.buildRequest(id);
    const builder = request && (await this.api.builderName(numberOf(request.builderid) ?? -1));
    return request && builder !== undefined ? this.entity(request, builder) : undefined;
  }

  async write(operations: readonly WriteOperation[]): Promise<WriteResult[]> {
    const results = new Results(operations);
    const halt = new Halt();
    for (const [index, operation] of operations.entries()) {
      try {
        halt.check();
        if (operation.kind !== 'create' || operation.type !== FORCED)
          throw new SyncError('forbidden', `${PRODUCT}: builds can be forced. Nothing else can be written.`);
        results.set(index, { ok: true, entity: await this.force(operation.project, operation.fields) });
      } catch (thrown) {
        const error = asSyncError(thrown);
        halt.learn(error);
        results.fail(index, error);
      }
    }
    return results.all();
  }

  private async force(project: ProjectId, fields: Fields): Promise<Entity> {
    const { id } = await this.api.builder(project);
    const scheduler = await this.schedulerOf(project);
    if (!scheduler) {
      const words = `${PRODUCT} has no enabled force scheduler for builder "${project}". Add one to master.cfg`;
      throw new SyncError('invalid', words);
    }
    const problems: Record<FieldId, string> = {};
    const parameters: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(fields)) {
      const parameter = scheduler.parameters.find((one) => one.id === field);
      if (!parameter) problems[field] = `Force scheduler "${scheduler.name}" has no parameter "${field}"`;
      else if (value !== null) parameters[field] = valueFor(parameter, value, problems);
    }
    if (Object.keys(problems).length > 0)
      throw new SyncError('invalid', `No build was forced: ${Object.values(problems).join('; ')}`, {
        fields: problems,
      });
    const request = await this.api.force(scheduler.name, id, parameters);
    const made = await this.read(request);
    if (!made)
      throw new SyncError('transient', `Build request ${request} was made and is not shown`, { uncertain: true });
    return made;
  }

  /** Requests have no place for a marker, and say only when they came: those with the same parameters look the same. */
  async find({ project, field, marker, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (marker !== undefined) return [];
    const { id } = await this.api.builder(project);
    const scheduler = await this.schedulerOf(project);
    const since = createdBySelfSince === undefined ? 0 : Math.floor(Date.parse(createdBySelfSince) / 1000);
    const rows = await this.api.buildRequests(id, {
      submitted_at__ge: since,
      order: '-buildrequestid',
      limit: MOST_FOUND,
    });
    const forced = rows.filter(
      (row) => propertyIn(row, 'scheduler') === scheduler?.name && (numberOf(row.submitted_at) ?? 0) >= since,
    );
    const entities = forced.map((row) => this.entity(row, project));
    return entities.filter(({ fields }) => !field || isSearched(fields[field.id], field)).slice(0, limit);
  }

  private async schedulerOf(builder: string): Promise<ForceScheduler | undefined> {
    return (await this.api.schedulers()).find(({ builders }) => builders.includes(builder));
  }

  private entity(row: Json, builder: string): Entity {
    const id = numberOf(row.buildrequestid) ?? 0;
    const submitted = new Date((numberOf(row.submitted_at) ?? 0) * 1000).toISOString();
    const parameters = Object.entries(isJson(row.properties) ? row.properties : {}).flatMap(([name, pair]) => {
      const value: unknown = Array.isArray(pair) ? pair[0] : undefined;
      // the form calls the owner by another name
      return isSimple(value) ? [[name === 'owner' ? 'username' : name, value === '' ? null : value] as const] : [];
    });
    const done = numberOf(row.complete_at ?? undefined);
    return {
      ...{ id: forcedId(id), key: `${builder} request ${id}`, type: FORCED, project: builder },
      ...{ version: `${done ?? ''}-${textOf(row.results) ?? ''}`, createdAt: submitted },
      updatedAt: done === undefined ? submitted : new Date(done * 1000).toISOString(),
      url: `${this.api.base}#/buildrequests/${id}`,
      fields: {
        ...Object.fromEntries(parameters),
        ...{ complete: row.complete === true, submitted },
        results: row.complete === true ? resultOf(numberOf(row.results)) : null,
      },
    };
  }
}

const isSimple = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const propertyIn = ({ properties }: Json, name: string): unknown => {
  const pair = isJson(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return Array.isArray(pair) ? pair[0] : undefined;
};

function fieldOf({ id, name, type, isRequired, choices }: Parameter): Field {
  const common = { id, name, createOnly: true, ...(isRequired && { required: true }) };
  if (type === 'bool') return { ...common, type: 'boolean' };
  if (type === 'int') return { ...common, type: 'number', integer: true };
  if (type === 'list' && choices.length > 0)
    return { ...common, type: 'lookup', values: choices.map((choice) => ({ id: choice, name: choice })) };
  return { ...common, type: 'text' };
}

function valueFor({ type, name, choices, id }: Parameter, value: Value, problems: Record<FieldId, string>): unknown {
  if (type === 'bool') return typeof value === 'boolean' ? value : String(value) === 'true';
  const text = nameOf(value);
  if (type === 'list' && choices.length > 0 && !choices.includes(text))
    problems[id] = `${name} has no option "${text.slice(0, 80)}"`;
  return text;
}
