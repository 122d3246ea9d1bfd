/**
 * Buildbot, by its REST API: builds, once for each work item that they name, and times in which a builder fails; changes; forced
 * builds, which can be created. A builder is a project, by its name: its id may be another one after the database was made again.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Checkpoint, Connection, ReadResult, Scope } from '../connector';
import type { Credentials } from '../kit/auth';
import { numberOf } from '../kit/json';
import { sequenceAt } from '../kit/sequence';
import { address, alternatives, defineConnector, secret, text } from '../kit/settings';
import { type FindItems, readPatterns, wholeOf } from '../kit/work-items';
import { Api, PRODUCT } from './api';
import {
  ALL_CHANGES,
  BROKEN,
  BUILD,
  BUILD_ITEM,
  BUILDER_TYPES,
  brokenIn,
  CHANGE_TYPES,
  Describer,
  FORCED,
  fieldsOf,
  numberIn,
} from './entities';
import { Feed, positionOf } from './feed';
import { Forcing } from './forcing';
import { Streaks } from './streaks';

function problem(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (thrown) {
    return asSyncError(thrown).message;
  }
}

export const buildbot = defineConnector({
  kind: 'buildbot',
  label: 'Buildbot',
  category: 'build',
  settings: {
    url: address({
      label: 'URL',
      placeholder: 'https://buildbot.example.com',
      hint: "The address of Buildbot's start page (buildbotURL).",
    }),
    auth: alternatives(
      { label: 'Sign in with' },
      {
        none: { label: 'Nothing', settings: {} },
        login: {
          label: 'Login and password',
          settings: { login: secret({ label: 'Login' }), password: secret({ label: 'Password' }) },
        },
      },
    ),
    workItems: text(
      {
        label: 'Work items in messages',
        hint: 'Patterns, separated by commas. {number} and {key} stand for the id, for example DEMO-{number}. The field Work items lists what they find.',
      },
      '#{number}, {key}-{number}',
    ),
  },
  check({ workItems }) {
    const problems: Record<string, string> = {};
    const pattern = problem(() => readPatterns(workItems));
    if (pattern !== undefined) problems.workItems = `Work items in messages: ${pattern}`;
    return problems;
  },
  connect({ url, auth, workItems }, { http }): Connection {
    const credentials: Credentials =
      auth.kind === 'login' ? { kind: 'basic', username: auth.login, password: auth.password } : { kind: 'none' };
    const login = auth.kind === 'login' ? auth.login : undefined;
    return new BuildbotConnection(new Api(url, credentials, http), readPatterns(workItems), login);
  },
});

class BuildbotConnection implements Connection {
  private readonly describer: Describer;
  private readonly streaks: Streaks;
  private readonly feed: Feed;
  private readonly forcing: Forcing;

  constructor(
    private readonly api: Api,
    findItems: FindItems,
    private readonly login: string | undefined,
  ) {
    this.describer = new Describer(api, findItems);
    this.streaks = new Streaks(api, this.describer);
    this.feed = new Feed(api, this.describer, this.streaks);
    this.forcing = new Forcing(api);
  }

  async identify() {
    const builders = await this.api.builders(0);
    const names = new Set((await this.api.schedulers()).flatMap((one) => one.builders));
    const without = builders.filter(({ name }) => !names.has(name)).length;
    const missing =
      without > 0 ? [`a force scheduler for ${without} of ${builders.length} builders (only to force builds)`] : [];
    return { user: { login: this.login ?? 'anonymous' }, server: PRODUCT, missing };
  }

  async projects() {
    const builders = (await this.api.builders(0)).map(({ name }) => ({ id: name, name }));
    return [...builders, { id: ALL_CHANGES, name: 'Changes, of all builders' }];
  }

  async entityTypes(project: string) {
    if (project === ALL_CHANGES) return CHANGE_TYPES;
    await this.api.builder(project);
    return BUILDER_TYPES;
  }

  async fields(project: string, type: string) {
    const types = await this.entityTypes(project);
    const fields = type === FORCED ? await this.forcing.fields(project) : fieldsOf(type);
    if (!fields || !types.some(({ id }) => id === type))
      throw new SyncError('notFound', `${PRODUCT} has no "${type.slice(0, 60)}" in ${project.slice(0, 80)}.`);
    return fields;
  }

  changes(scope: Scope, since: Checkpoint | undefined, pageSize: number) {
    return this.feed.changes(scope, since, pageSize);
  }

  newest() {
    return this.feed.newest();
  }

  revisionIn(checkpoint: Checkpoint) {
    const next = numberOf(positionOf(checkpoint).builds?.seq);
    return next === undefined || next === 0 ? undefined : `build ${next - 1}`;
  }

  checkpointAt(time: string): Checkpoint {
    return { builds: sequenceAt(time), changes: sequenceAt(time) };
  }

  async read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    const results: ReadResult[] = [];
    for (const id of ids) {
      const found = await this.readOne(id);
      results.push(found && scope.projects.includes(found.project) ? found : undefined);
    }
    return results;
  }

  private async readOne(id: EntityId): Promise<Entity | undefined> {
    const whole = wholeOf(id);
    if (whole !== undefined) {
      const build = await this.readOne(whole);
      return build && this.describer.perItem(build).find((one) => one.id === id);
    }
    const broken = brokenIn(id);
    if (broken) {
      const builder = (await this.api.builders()).find(({ name }) => name === broken.builder);
      return builder && this.streaks.read(builder.name, builder.id, broken.first);
    }
    const [build, change, forced] = [numberIn('build', id), numberIn('change', id), numberIn('forced', id)];
    if (forced !== undefined) return this.forcing.read(forced);
    if (change !== undefined) {
      const row = await this.api.change(change);
      return row && this.describer.change(row);
    }
    const row = build === undefined ? undefined : await this.api.build(build);
    const builder = row && (await this.api.builderName(row.builder));
    return row && builder !== undefined ? this.describer.build(row, builder) : undefined;
  }

  write(_scope: Scope, operations: Parameters<NonNullable<Connection['write']>>[1]) {
    return this.forcing.write(operations);
  }

  async find(query: Parameters<NonNullable<Connection['find']>>[0], limit: number) {
    return query.type === FORCED ? this.forcing.find(query, limit) : [];
  }

  /** "git-build #12" */
  async byKey(key: string): Promise<Entity | undefined> {
    const [, name, number] = /^\s*(.+?)\s*#(\d{1,15})\s*$/.exec(key) ?? [];
    const builder = (await this.api.builders()).find((one) => one.name.toLowerCase() === name?.toLowerCase());
    if (!builder) return undefined;
    const [build] = await this.api.buildsFrom(builder.id, Number(number), 'up', 1);
    return build?.number === Number(number) ? this.describer.build(build, builder.name) : undefined;
  }

  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const found: Entity[] = [];
    const { builds } = await this.api.builds({ order: '-buildid', limit: Math.min(50, limit * 2) });
    for (const row of builds) {
      const builder = await this.api.builderName(row.builder);
      if (builder === undefined || !scope.projects.includes(builder) || found.length >= limit) continue;
      const build = await this.describer.build(row, builder);
      if (scope.types.includes(BUILD)) found.push(build);
      if (scope.types.includes(BUILD_ITEM)) append(found, this.describer.perItem(build));
      const broken = scope.types.includes(BROKEN) ? await this.streaks.toldBy(row, builder, new Map()) : undefined;
      if (broken && !found.some(({ id }) => id === broken.id)) found.push(broken);
    }
    return found.slice(0, limit);
  }

  async close(): Promise<void> {
    this.api.close();
  }
}
