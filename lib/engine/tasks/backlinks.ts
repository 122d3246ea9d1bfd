/**
 * Shows entities their counterparts after a landing: what the store says is owed is written, in batches, until it is
 * done. It is no change of the entity: it waits for nothing and holds nothing back, is tried again on its own, and rests
 * when it has failed for good. Links from before it was chosen are owed first, a thousand at a time. Written twice it is
 * there once, so that a process that dies in between can start again.
 */

import { onBehalfOf } from '../../budget/priority';
import type { Connection, WriteOperation, WriteResult } from '../../connectors/connector';
import { isWholeBatch, wholeBatch } from '../../connectors/whole-batch';
import { equalValues } from '../../mapping/compare';
import type { Entity, Side } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { atSide, otherSide } from '../../model/sides';
import { type Fields, isEmpty } from '../../model/values';
import { StoreError } from '../../store/errors';
import type { Owed, OwedOutcome } from '../../store/store';
import { backlinksOf, backlinkValues, webLinkTo, wishOf } from '../backlink-fields';
import { type Doubt, tryAll } from '../blame';
import type { SyncContext } from '../context';
import { readEntities } from '../read-entities';
import { type Blame, isSystemFault, judge, toStored } from '../retry-policy';
import { partTypes, writeScope } from '../routing';

/** Ends that are read and written together. */
const BATCH = 200;
/** What lands within this time goes together, unless a batch is full before. */
const LINGER_MS = 5_000;
/** How often what is due later is looked for. */
const AGAIN_MS = 5_000;
const PAUSED_RETRY_MS = 500;
/** Links from before that are looked at together. */
const EARLIER = 1_000;

interface Lane {
  running?: Promise<void>;
  again: boolean;
  /** ends that came to be owed since the last run began */
  fresh: number;
  timer?: { at: number; cancel: () => void };
  /** links from before it was chosen to show counterparts may have to be owed yet */
  earlier: boolean;
  stopWake?: () => void;
}

/** One end with what is to be written to it. */
interface Job {
  owed: Owed;
  before: Entity;
  operation: Extract<WriteOperation, { kind: 'update' }>;
}

const endOf = ({ link, side }: Owed) => atSide(link.ends, side);
const counterpartOf = ({ link, side }: Owed) => atSide(link.ends, otherSide(side)).ref;

export class Backlinks {
  private readonly lanes: Record<Side, Lane> = {
    1: { again: false, fresh: 0, earlier: true },
    2: { again: false, fresh: 0, earlier: true },
  };
  private started = false;
  private stopped = false;

  constructor(private readonly engine: SyncContext) {}

  /** Goes on with what an earlier run left. */
  start(): void {
    if (this.stopped || this.engine.activity.rests) return;
    for (const side of [1, 2] as const) {
      this.lanes[side].stopWake ??= this.engine.systems[side].onWake(() => this.soon(side));
    }
    this.started = true;
    for (const side of [1, 2] as const) this.soon(side);
  }

  /** Ends of these sides have come to be owed. */
  owed(sides: Side[]): void {
    for (const side of new Set(sides)) {
      const lane = this.lanes[side];
      lane.fresh += sides.filter((one) => one === side).length;
      this.soon(side, lane.fresh < BATCH ? LINGER_MS : 0);
    }
  }

  /** Something may be owed. */
  private soon(side: Side, ms = LINGER_MS): void {
    const { clock } = this.engine;
    const lane = this.lanes[side];
    if (!this.started || this.stopped) return;
    if (lane.running) {
      lane.again = true;
      return;
    }
    const at = clock.now() + ms;
    if (lane.timer && lane.timer.at <= at) return;
    lane.timer?.cancel();
    lane.timer = { at, cancel: clock.after(ms, () => this.run(side)) };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const lane of Object.values(this.lanes)) {
      lane.timer?.cancel();
      lane.stopWake?.();
      await lane.running;
    }
  }

  private run(side: Side): void {
    const lane = this.lanes[side];
    if (lane.running || this.stopped) return;
    lane.timer = undefined;
    lane.again = false;
    lane.fresh = 0;
    lane.running = onBehalfOf({ priority: 'bulk' }, () => this.drain(side))
      // the store is in trouble, which a claim tells: it is looked for again later
      .catch(() => AGAIN_MS)
      .then((next) => {
        lane.running = undefined;
        if (lane.again) this.soon(side);
        else if (next !== undefined) this.soon(side, next);
      });
  }

  /** @returns ms until it is to be looked again; undefined = nothing is owed */
  private async drain(side: Side): Promise<number | undefined> {
    const { store, config, clock } = this.engine;
    const flow = { integration: config.id, side };
    for (;;) {
      const paused = this.engine.systems[side].pauseLeft();
      if (paused > 0) return paused;
      // a dry run has started since; its end starts this again
      const rests = this.stopped || this.engine.activity.rests || this.engine.activity.isOnlyDryRun;
      if (rests) return undefined;
      const owed = await store.owed(flow, BATCH, clock.now());
      if (owed.length === 0) {
        if (await this.oweEarlier(side)) continue;
        break;
      }
      const outcomes = await this.show(side, owed);
      await store.settleOwed(outcomes);
      this.tell(side, owed, outcomes);
    }
    return atSide(await store.owedCounts(config.id), side).due > 0 ? AGAIN_MS : undefined;
  }

  /**
   * Owes some of the links that were there before it was chosen to show counterparts in what others are created from; whether
   * an end was created by us or not, is not stored. Those that show theirs already cost a read.
   * @returns whether anything may be owed now
   */
  private async oweEarlier(side: Side): Promise<boolean> {
    const { store, config } = this.engine;
    const lane = this.lanes[side];
    if (!lane.earlier) return false;
    lane.earlier = await store.oweEarlier({ integration: config.id, side }, wishOf(config, side), EARLIER);
    return true;
  }

  private async show(side: Side, owed: Owed[]): Promise<OwedOutcome[]> {
    const { config } = this.engine;
    const system = this.engine.systems[side];
    const scope = writeScope(config, side);
    const outcomes: OwedOutcome[] = [];
    try {
      const ids = owed.map((one) => endOf(one).ref.id);
      const present = await readEntities(system, scope, ids);
      const jobs: Job[] = [];
      for (const [index, one] of owed.entries()) {
        const before = present[index];
        if (before instanceof SyncError) {
          outcomes.push(this.failed(side, one, before, 'own'));
          continue;
        }
        const operation = before && this.operation(one, before);
        if (before && operation) jobs.push({ owed: one, before, operation });
        // shown already, or gone: nobody is left to be shown it
        else outcomes.push({ link: one.link.id, side, to: 'done' });
      }
      if (jobs.length === 0) return outcomes;
      append(outcomes, await this.write(side, jobs));
      return outcomes;
    } catch (thrown) {
      const error = asSyncError(thrown);
      const isDecided = new Set(outcomes.map(({ link }) => link));
      const rest = owed.filter(({ link }) => !isDecided.has(link.id));
      return [...outcomes, ...rest.map((one) => this.failed(side, one, error, 'system'))];
    }
  }

  private async write(side: Side, jobs: Job[]): Promise<OwedOutcome[]> {
    const { config } = this.engine;
    const system = this.engine.systems[side];
    const outcomes: OwedOutcome[] = [];
    await tryAll<Job>(system, jobs, {
      purpose: 'write',
      key: ({ owed }) => `${config.id} backlink ${owed.link.id} ${side}`,
      send: async (some) => {
        const [answered, doubts]: [Job[], Doubt<Job>[]] = [[], []];
        let results: WriteResult[];
        try {
          const connection = system.connection();
          if (!connection.write) throw new SyncError('forbidden', `${system.name} can only be read`);
          results = await connection.write(
            writeScope(config, side),
            some.map(({ operation }) => operation),
          );
        } catch (thrown) {
          if (thrown instanceof StoreError) throw thrown;
          const error = wholeBatch(asSyncError(thrown), some.length);
          return { answered, doubts: some.map((work) => ({ work, error })) };
        }
        for (const [index, work] of some.entries()) {
          const result = results[index];
          const error = result?.ok === false ? result.error : undefined;
          if (error && (isSystemFault(error) || isWholeBatch(error))) doubts.push({ work, error });
          else {
            answered.push(work);
            outcomes.push(this.outcome(side, work, result));
          }
        }
        return { answered, doubts };
      },
      charge: async ({ work, error }) => void outcomes.push(this.failed(side, work.owed, error, 'own')),
      excuse: async (doubts) => {
        for (const { work, error } of doubts) outcomes.push(this.failed(side, work.owed, error, 'system'));
      },
      failedAt: ({ owed }) => (owed.error?.kind === 'transient' ? Date.parse(owed.error.at) : undefined),
      isOnly: false,
    });
    return outcomes;
  }

  /** What the end still lacks; undefined if it shows its counterpart. */
  private operation(owed: Owed, before: Entity): Job['operation'] | undefined {
    const { config } = this.engine;
    const [settings, counterpart] = [backlinksOf(config, owed.side), counterpartOf(owed)];
    const all = Object.entries(backlinkValues(settings, counterpart));
    // without "back" only what was created from the counterpart shows it
    const wanted = settings.back ? all : all.filter(([field]) => !isEmpty(before.fields[field]));
    if (all.length > 0 && wanted.length === 0) return undefined;
    const fields: Fields = Object.fromEntries(
      wanted.filter(([field, value]) => !equalValues(before.fields[field] ?? null, value)),
    );
    const other = this.engine.systems[otherSide(owed.side)].name;
    const link = takesLinks(this.engine.systems[owed.side].connection())
      ? webLinkTo(counterpart, config, settings, other)
      : undefined;
    if (Object.keys(fields).length === 0 && !link) return undefined;
    return { kind: 'update', id: before.id, fields, ...(link && { remoteLink: link }) };
  }

  private outcome(side: Side, job: Job, result: WriteResult | undefined): OwedOutcome {
    const { owed } = job;
    const system = this.engine.systems[side];
    if (!result)
      return this.failed(side, owed, new SyncError('fatal', `${system.name} returned no result for this write`));
    if (!result.ok) return this.failed(side, owed, result.error);
    const ignored = Object.entries(result.ignored ?? {});
    if (ignored.length > 0) {
      const reasons = ignored.map(([field, reason]) => `${field}: ${reason}`).join('; ');
      return this.failed(side, owed, new SyncError('invalid', reasons, { fields: result.ignored }));
    }
    const isOurs = this.isOurs(job, result.entity) && !this.mayHideParts(job, result.before);
    const version = isOurs ? { before: job.before.version, after: result.entity.version } : undefined;
    return { link: owed.link.id, side, to: 'done', ...(version && { version }) };
  }

  /** Somebody may have commented before the write: its version must not be taken for known. */
  private mayHideParts({ owed: { side }, before }: Job, written: string | undefined): boolean {
    return partTypes(this.engine.config, side, before.type).length > 0 && written !== before.version;
  }

  /** True if nothing that the flow reads differs but what we wrote: the new version is no change. */
  private isOurs({ owed, before, operation }: Job, after: Entity): boolean {
    const relevant = this.engine.relevance.of(owed.side)?.fields;
    if (!relevant) return false;
    const fields = new Set([...relevant, ...Object.keys(endOf(owed).baseline)]);
    for (const field of Object.keys(operation.fields)) if (!relevant.has(field)) fields.delete(field);
    return [...fields].every((field) => equalValues(before.fields[field] ?? null, after.fields[field] ?? null));
  }

  private failed(side: Side, { link, attempts, ...owed }: Owed, thrown: SyncError, blame?: Blame): OwedOutcome {
    const { clock, config } = this.engine;
    const common = { link: link.id, side };
    // it is gone, or out of sight: nobody is left to be shown anything
    if (thrown.kind === 'notFound') return { ...common, to: 'done' };
    const whole: Owed = { link, attempts, ...owed };
    const { type, key } = endOf(whole).ref;
    const words = `Backlink from ${type} ${key} to ${counterpartOf(whole).key} failed: ${thrown.message}`;
    const error = toStored(new SyncError(thrown.kind, words, thrown.detail), clock.now());
    const verdict = judge(thrown, attempts, config.retries, blame, clock.random());
    if (verdict.kind === 'park') return { ...common, to: 'rest', error };
    const wait =
      verdict.kind === 'retry' ? verdict.ms : Math.max(PAUSED_RETRY_MS, this.engine.systems[side].pauseLeft());
    return { ...common, to: 'retry', dueAt: clock.now() + wait, charge: verdict.kind === 'retry', error };
  }

  private tell(side: Side, owed: Owed[], outcomes: OwedOutcome[]): void {
    const resting = outcomes.flatMap((one) => (one.to === 'rest' ? [one.error] : []));
    const [first] = resting;
    if (first) this.engine.events.unshown?.(side, resting.length, first);
    if (owed.length > 0) this.engine.events.progress?.(side);
  }
}

/** Not every system has a place for links to others. */
const takesLinks = ({ remoteLinks }: Connection): boolean => remoteLinks === true;
