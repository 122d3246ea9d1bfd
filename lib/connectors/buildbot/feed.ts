/**
 * Builds and changes by their ids, which only grow. A build that still runs is kept in the checkpoint and read again until it is
 * complete; so is the first failing build of each builder that fails. Builds that were deleted before they were read are reported.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append, largest } from '../../model/lists';
import type { ChangePage, Checkpoint, ReadResult, Scope } from '../connector';
import { checkCheckpoint } from '../kit/checkpoint';
import { isJson, type Json, numberOf } from '../kit/json';
import { Debts } from '../kit/owed';
import { changesInSequence, type Numbered, type SequenceFeed } from '../kit/sequence';
import { type Api, type Build, PRODUCT } from './api';
import {
  ALL_CHANGES,
  BROKEN,
  BUILD,
  BUILD_ITEM,
  buildId,
  CHANGE,
  changeId,
  type Describer,
  numberIn,
} from './entities';
import type { Streaks } from './streaks';

/** Masters that share a database may show a lower id a moment later. */
const SETTLE_MS = 10_000;
const MOST_OPEN = 1_000;
const RUNNING = 200;

interface Position {
  builds: Checkpoint | undefined;
  changes: Checkpoint | undefined;
  /** ids of builds that were running */
  open: Set<number>;
  /** builder → number of its first failing build, while it fails */
  broken: Map<string, number>;
  /** the highest id of a build that was read */
  seen: number;
}

/** @throws SyncError fatal if it is damaged */
export function positionOf(since: Checkpoint | undefined): Position {
  checkCheckpoint(since, { open: 'list' });
  const { builds, changes, open, broken, seen } = since ?? {};
  for (const [name, part] of Object.entries({ builds, changes, broken }))
    if (part !== undefined && !isJson(part))
      throw new SyncError('fatal', `The stored position of this poller is damaged (${name}). Twinflow reads nothing.`);
  const firsts = Object.entries(isJson(broken) ? broken : {});
  return {
    builds: isJson(builds) ? builds : undefined,
    changes: isJson(changes) ? changes : undefined,
    open: new Set((Array.isArray(open) ? open : []).flatMap((id) => numberOf(id) ?? [])),
    broken: new Map(firsts.flatMap(([name, first]) => (typeof first === 'number' ? [[name, first]] : []))),
    seen: numberOf(seen) ?? -1,
  };
}

const checkpointOf = ({ builds, changes, open, broken, seen }: Position): Checkpoint => ({
  ...(builds && { builds }),
  ...(changes && { changes }),
  ...(open.size > 0 && { open: [...open].slice(-MOST_OPEN) }),
  ...(broken.size > 0 && { broken: Object.fromEntries(broken) }),
  ...(seen >= 0 && { seen }),
});

const TYPES_OF_BUILDS = [BUILD, BUILD_ITEM, BROKEN];

export class Feed {
  private readonly debts = new Debts<EntityId>(PRODUCT, 'builds');

  constructor(
    private readonly api: Api,
    private readonly describer: Describer,
    private readonly streaks: Streaks,
  ) {}

  async newest(): Promise<Checkpoint> {
    const [newest, newestChange] = [await this.newestBuild(), await this.newestChange()];
    // what runs now ends later
    const { builds: running } = await this.api.builds({ complete__eq: 'false', order: '-buildid', limit: RUNNING });
    return checkpointOf({
      builds: { seq: (newest?.seq ?? -1) + 1 },
      changes: { seq: (newestChange?.seq ?? -1) + 1 },
      open: new Set(running.filter(({ isComplete }) => !isComplete).map(({ id }) => id)),
      broken: new Map(),
      seen: newest?.seq ?? -1,
    });
  }

  async *changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const position = positionOf(since);
    const missing = await this.missingOf(scope);
    const size = Math.max(1, Math.floor(pageSize));
    let any = false;
    if (
      scope.types.some((type) => TYPES_OF_BUILDS.includes(type)) &&
      scope.projects.some((one) => one !== ALL_CHANGES)
    ) {
      any = true;
      if (since && !position.builds) position.builds = { seq: ((await this.newestBuild())?.seq ?? -1) + 1 };
      yield* this.builds(scope, position, size, missing);
    }
    if (scope.types.includes(CHANGE) && scope.projects.includes(ALL_CHANGES)) {
      any = true;
      if (since && !position.changes) position.changes = { seq: ((await this.newestChange())?.seq ?? -1) + 1 };
      for await (const page of changesInSequence(this.changeFeed(missing), position.changes, size)) {
        position.changes = page.checkpoint;
        yield { ...page, checkpoint: checkpointOf(position) };
      }
    }
    if (!any) yield { entities: [], checkpoint: checkpointOf(position) };
  }

  /** @throws SyncError notFound if there is none of them */
  private async missingOf({ projects }: Scope): Promise<Map<string, string>> {
    const names = new Set((await this.api.builders()).map(({ name }) => name));
    const gone = projects.filter((project) => project !== ALL_CHANGES && !names.has(project));
    if (gone.length > 0 && gone.length === projects.length) await this.api.builder(gone[0] ?? '');
    return new Map(gone.map((name) => [name, `${PRODUCT} has no builder "${name.slice(0, 80)}" now.`]));
  }

  private async *builds(
    scope: Scope,
    position: Position,
    size: number,
    missing: ReadonlyMap<string, string>,
  ): AsyncGenerator<ChangePage> {
    let notes: string[] = [];
    const page = (entities: Entity[], more: Partial<ChangePage> = {}): ChangePage => {
      const said = notes;
      notes = [];
      return { ...more, entities, checkpoint: checkpointOf(position), ...(said.length > 0 && { notes: said }) };
    };
    /** builds of the last answer, by id */
    const raw = new Map<number, Build>();
    const done: Build[] = [];
    for (const id of [...position.open]) {
      const build = await this.api.build(id);
      if (build && !build.isComplete) continue;
      position.open.delete(id);
      if (build) done.push(build);
      else notes.push(`Build ${id} was running, and does not exist any more.`);
    }
    for (let at = 0; at < done.length; at += size) {
      const some = done.slice(at, at + size);
      const entities: Entity[] = [];
      for (const build of some) append(entities, await this.entitiesOf(build, scope, position));
      yield page(latestOf(entities));
    }
    const watched = typeof position.builds?.seq === 'number';
    for await (const { entities, checkpoint, ...more } of changesInSequence(
      this.buildFeed(scope, position, raw, missing),
      position.builds,
      size,
    )) {
      position.builds = checkpoint;
      if (watched) append(notes, gapsIn([...raw.keys()], position.seen));
      position.seen = largest(raw.keys(), position.seen);
      const all: Entity[] = [];
      for (const entity of entities) {
        const build = raw.get(numberIn('build', entity.id) ?? -1);
        append(all, build ? await this.asAsked(entity, build, scope, position) : [entity]);
      }
      yield page(latestOf(all), more);
    }
  }

  private async entitiesOf(build: Build, scope: Scope, position: Position): Promise<Entity[]> {
    const builder = await this.api.builderName(build.builder);
    if (builder === undefined || !scope.projects.includes(builder)) return [];
    return this.asAsked(await this.describer.build(build, builder), build, scope, position);
  }

  private async asAsked(entity: Entity, build: Build, { types }: Scope, { broken }: Position): Promise<Entity[]> {
    const isBrokenAsked = types.includes(BROKEN) && build.isComplete;
    const told = isBrokenAsked ? await this.streaks.toldBy(build, entity.project, broken) : undefined;
    return [
      ...(types.includes(BUILD) ? [entity] : []),
      ...(types.includes(BUILD_ITEM) ? this.describer.perItem(entity) : []),
      ...(told ? [told] : []),
    ];
  }

  private buildFeed(
    scope: Scope,
    position: Position,
    raw: Map<number, Build>,
    missing: ReadonlyMap<string, string>,
  ): SequenceFeed {
    const read = async (ids: EntityId[]): Promise<ReadResult[]> => {
      const results: ReadResult[] = [];
      for (const id of ids) results.push(await this.readBuild(numberIn('build', id) ?? -1, raw, scope, position));
      return results;
    };
    return {
      ...{ missing, product: PRODUCT, entry: 'build', settleMs: SETTLE_MS, debts: this.debts, read },
      entries: async (from, limit) => {
        const { builds, now } = await this.api.builds({ buildid__ge: from, order: 'buildid', limit });
        raw.clear();
        for (const build of builds) raw.set(build.id, build);
        return { entries: builds.map(numbered), ...(now !== undefined && { now }) };
      },
      newest: () => this.newestBuild(),
      everything: async (after, limit) => {
        const from = after === undefined ? 0 : Number(after) + 1;
        const { builds } = await this.api.builds({ buildid__ge: from, order: 'buildid', limit });
        raw.clear();
        for (const build of builds) raw.set(build.id, build);
        const shown = await read(builds.map(({ id }) => buildId(id)));
        const entities = shown.filter((one): one is Entity => one !== undefined && !(one instanceof SyncError));
        const failed = new Map<EntityId, SyncError>();
        for (const [index, one] of shown.entries())
          if (one instanceof SyncError) failed.set(buildId(builds[index]?.id ?? -1), one);
        const last = builds.at(-1);
        return { entities, failed, ...(last && { last: String(last.id) }) };
      },
    };
  }

  private async readBuild(id: number, raw: Map<number, Build>, scope: Scope, { open }: Position): Promise<ReadResult> {
    try {
      const build = raw.get(id) ?? (await this.api.build(id));
      const builder = build && (await this.api.builderName(build.builder));
      if (!build || builder === undefined || !scope.projects.includes(builder)) return undefined;
      raw.set(id, build);
      if (!build.isComplete) open.add(id);
      return await this.describer.build(build, builder);
    } catch (thrown) {
      return asSyncError(thrown);
    }
  }

  private changeFeed(missing: ReadonlyMap<string, string>): SequenceFeed {
    const raw = new Map<number, Json>();
    const keep = (items: Json[]): Numbered[] => {
      raw.clear();
      for (const item of items) raw.set(numberOf(item.changeid) ?? -1, item);
      return items.map(numberedChange);
    };
    const read = async (ids: EntityId[]): Promise<ReadResult[]> => {
      const results: ReadResult[] = [];
      for (const id of ids) {
        const number = numberIn('change', id) ?? -1;
        const row = raw.get(number) ?? (await this.api.change(number));
        results.push(row && this.describer.change(row));
      }
      return results;
    };
    return {
      ...{ missing, product: PRODUCT, entry: 'change', settleMs: SETTLE_MS, debts: this.debts, read },
      entries: async (from, limit) => {
        const { items, now } = await this.api.changes({ changeid__ge: from, order: 'changeid', limit });
        return { entries: keep(items), ...(now !== undefined && { now }) };
      },
      newest: () => this.newestChange(),
      everything: async (after, limit) => {
        const from = after === undefined ? 0 : Number(after) + 1;
        const { items } = await this.api.changes({ changeid__ge: from, order: 'changeid', limit });
        const last = keep(items).at(-1);
        return { entities: items.map((row) => this.describer.change(row)), ...(last && { last: String(last.seq) }) };
      },
    };
  }

  async newestBuild(): Promise<Numbered | undefined> {
    const { builds } = await this.api.builds({ order: '-buildid', limit: 1 });
    return builds[0] && numbered(builds[0]);
  }

  private async newestChange(): Promise<Numbered | undefined> {
    const { items } = await this.api.changes({ order: '-changeid', limit: 1 });
    return items[0] && numberedChange(items[0]);
  }
}

const numbered = ({ id, startedAt }: Build): Numbered => ({ seq: id, entity: buildId(id), at: startedAt });

/** The time at which Buildbot has seen it: that of the commit says nothing. */
function numberedChange(row: Json): Numbered {
  const id = numberOf(row.changeid);
  if (id === undefined) throw new SyncError('fatal', `${PRODUCT} shows a change without its id`, { malformed: true });
  const seen = isJson(row.sourcestamp) ? numberOf(row.sourcestamp.created_at) : undefined;
  return { seq: id, entity: changeId(id), at: (seen ?? numberOf(row.when_timestamp) ?? 0) * 1000 };
}

/** Sentences for ids that are missing between those that were seen and these. */
function gapsIn(ids: readonly number[], seen: number): string[] {
  const notes: string[] = [];
  let expected = seen + 1;
  for (const id of ids) {
    if (id < expected) continue;
    if (id > expected && seen >= 0) {
      const [which, what] =
        id - 1 === expected ? [`Build ${expected} does`, 'it'] : [`Builds ${expected} to ${id - 1} do`, 'them'];
      notes.push(`${which} not exist any more: deleted before Twinflow has read ${what}.`);
    }
    expected = id + 1;
  }
  return notes;
}

/** One that comes several times in a page, in its last state. */
const latestOf = (entities: readonly Entity[]): Entity[] => [
  ...new Map(entities.map((entity): [EntityId, Entity] => [entity.id, entity])).values(),
];
