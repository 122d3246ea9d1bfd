/**
 * Shows entities their counterparts after a landing: what the store says is owed is written, in batches, until it is
 * done. It is no change of the entity: it waits for nothing and holds nothing back, is tried again on its own, and rests
 * when it has failed for good. Links from before it was chosen are owed first, a thousand at a time. Written twice it is
 * there once, so that a process that dies in between may begin anew.
 */

import type { Connection, WriteOperation, WriteResult } from '../connectors/connector';
import { isWholeBatch, wholeBatch } from '../connectors/whole-batch';
import { equalValues } from '../mapping/compare';
import type { Entity, Side } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { append } from '../model/lists';
import { type Fields, isEmpty } from '../model/values';
import { StoreError } from '../store/errors';
import type { Owed, OwedOutcome } from '../store/store';
import { type Doubt, tryAll } from './blame';
import { onBehalfOf } from './budget/priority';
import { showingOf, shownFields, shownLink, wishOf } from './counterpart';
import { type Blame, isSystemFault, judge, toStored } from './failure';
import type { Integration } from './integration';
import { writeScope } from './pairs';
import { readEntities } from './reading';

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

const endOf = ({ link, side }: Owed) => link.ends[side === 1 ? 0 : 1];
const counterpartOf = ({ link, side }: Owed) => link.ends[side === 1 ? 1 : 0].ref;

export class BackLinks {
  private readonly lanes: Record<Side, Lane> = {
    1: { again: false, fresh: 0, earlier: true },
    2: { again: false, fresh: 0, earlier: true },
  };
  private started = false;
  private stopped = false;

  constructor(private readonly integration: Integration) {}

  /** Goes on with what an earlier run left. */
  start(): void {
    if (this.stopped || this.integration.rests) return;
    for (const side of [1, 2] as const) {
      this.lanes[side].stopWake ??= this.integration.system(side).onWake(() => this.soon(side));
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
    const { clock } = this.integration;
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
    const { store, config, clock } = this.integration;
    const flow = { integration: config.id, side };
    for (;;) {
      const paused = this.integration.system(side).pauseLeft();
      if (paused > 0) return paused;
      // a dry run has begun since: the end of it starts this anew
      const rests = this.stopped || this.integration.rests || this.integration.isOnlyDryRun;
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
    return (await store.owedCounts(config.id))[side - 1]?.due ? AGAIN_MS : undefined;
  }

  /**
   * Owes some of the links that were there before it was chosen to show counterparts in what others are created from; whether
   * an end was created by us or not, nobody knows any more. Those that show theirs already cost a read.
   * @returns whether anything may be owed now
   */
  private async oweEarlier(side: Side): Promise<boolean> {
    const { store, config } = this.integration;
    const lane = this.lanes[side];
    if (!lane.earlier) return false;
    lane.earlier = await store.oweEarlier({ integration: config.id, side }, wishOf(config, side), EARLIER);
    return true;
  }

  private async show(side: Side, owed: Owed[]): Promise<OwedOutcome[]> {
    const { config } = this.integration;
    const system = this.integration.system(side);
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
    const { config } = this.integration;
    const system = this.integration.system(side);
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

  /** What the end still lacks; undefined where it shows its counterpart. */
  private operation(owed: Owed, before: Entity): Job['operation'] | undefined {
    const { config } = this.integration;
    const [showing, counterpart] = [showingOf(config, owed.side), counterpartOf(owed)];
    const all = Object.entries(shownFields(showing, counterpart));
    // without "back" only what was created from the counterpart shows it
    const wanted = showing.back ? all : all.filter(([field]) => !isEmpty(before.fields[field]));
    if (all.length > 0 && wanted.length === 0) return undefined;
    const fields: Fields = Object.fromEntries(
      wanted.filter(([field, value]) => !equalValues(before.fields[field] ?? null, value)),
    );
    const other = this.integration.system(owed.side === 1 ? 2 : 1).name;
    const link = takesLinks(this.integration.system(owed.side).connection())
      ? shownLink(config, showing, counterpart, other)
      : undefined;
    if (Object.keys(fields).length === 0 && !link) return undefined;
    return { kind: 'update', id: before.id, fields, ...(link && { remoteLink: link }) };
  }

  private outcome(side: Side, job: Job, result: WriteResult | undefined): OwedOutcome {
    const { owed } = job;
    const system = this.integration.system(side);
    if (!result) return this.failed(side, owed, new SyncError('fatal', `${system.name} gave no result for this write`));
    if (!result.ok) return this.failed(side, owed, result.error);
    const ignored = Object.entries(result.ignored ?? {});
    if (ignored.length > 0) {
      const reasons = ignored.map(([field, reason]) => `${field}: ${reason}`).join('; ');
      return this.failed(side, owed, new SyncError('invalid', reasons, { fields: result.ignored }));
    }
    const version = this.isOurs(job, result.entity)
      ? { before: job.before.version, after: result.entity.version }
      : undefined;
    return { link: owed.link.id, side, to: 'done', ...(version && { version }) };
  }

  /** True where nothing that the flow reads differs but what we wrote: the new version is no change. */
  private isOurs({ owed, before, operation }: Job, after: Entity): boolean {
    const relevant = this.integration.relevant(owed.side)?.fields;
    if (!relevant) return false;
    const fields = new Set([...relevant, ...Object.keys(endOf(owed).baseline)]);
    for (const field of Object.keys(operation.fields)) if (!relevant.has(field)) fields.delete(field);
    return [...fields].every((field) => equalValues(before.fields[field] ?? null, after.fields[field] ?? null));
  }

  private failed(side: Side, { link, attempts, ...owed }: Owed, thrown: SyncError, blame?: Blame): OwedOutcome {
    const { clock, config } = this.integration;
    const common = { link: link.id, side };
    // it is gone, or out of sight: nobody is left to be shown anything
    if (thrown.kind === 'notFound') return { ...common, to: 'done' };
    const whole: Owed = { link, attempts, ...owed };
    const { type, key } = endOf(whole).ref;
    const words = `${type} ${key} cannot show its counterpart ${counterpartOf(whole).key}: ${thrown.message}`;
    const error = toStored(new SyncError(thrown.kind, words, thrown.detail), clock.now());
    const verdict = judge(thrown, attempts, config.retries, blame, clock.random());
    if (verdict.kind === 'park') return { ...common, to: 'rest', error };
    const wait =
      verdict.kind === 'retry' ? verdict.ms : Math.max(PAUSED_RETRY_MS, this.integration.system(side).pauseLeft());
    return { ...common, to: 'retry', dueAt: clock.now() + wait, charge: verdict.kind === 'retry', error };
  }

  private tell(side: Side, owed: Owed[], outcomes: OwedOutcome[]): void {
    const resting = outcomes.flatMap((one) => (one.to === 'rest' ? [one.error] : []));
    const [first] = resting;
    if (first) this.integration.events.unshown?.(side, resting.length, first);
    if (owed.length > 0) this.integration.events.progress?.(side);
  }
}

/** Not every system has a place for links to others. */
const takesLinks = ({ remoteLinks }: Connection): boolean => remoteLinks === true;
