/**
 * Why an item is, or is not, synced: what the systems, the store and the deployed flow say of it, as sentences in the
 * order in which a change meets them. Pure: the planner and the store are asked before.
 */

import { iso } from '../model/clock';
import type { IntegrationConfig } from '../model/config';
import { applies, directionFrom, type Entity, refOf, type Side } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SideView } from '../model/operations';
import { atSide, otherSide } from '../model/sides';
import type { Link, Standing, StoredEvent } from '../store/store';
import type { DeployedChain } from './drawn/deployed';
import type { ExplainedField, Explanation, Mood, Said } from './explanation';
import type { EntityPlan } from './types';

export interface ExplainInput {
  config: IntegrationConfig;
  side: Side;
  /** what was asked for */
  key: string;
  /** why it waits although it is active */
  held?: 'same' | 'store' | 'moved';
  /** no poller or writer uses it */
  unused: boolean;
  dryRun: boolean;
  /** both sides as the overview shows them */
  views: readonly [SideView, SideView];
  chain: Pick<DeployedChain, 'foreign' | 'written' | 'poller' | 'names'>;
  /** undefined = the system does not have it, or does not show it */
  found: Entity | SyncError | undefined;
  /** of the item that was found */
  standing?: Standing;
  link?: Link;
  plan?: EntityPlan;
}

const said = (step: Said['step'], mood: Mood, code: string, names?: Said['names']): Said => ({
  ...{ step, mood, code },
  ...(names && { names }),
});

export function explain(input: ExplainInput): Explanation {
  const { config, side, views, found, link, plan, chain, standing } = input;
  const [from, to] = [atSide(views, side).system.name, atSide(views, otherSide(side)).system.name];
  const item = found instanceof SyncError ? undefined : found;
  const steps = [
    ...integrationSaid(input),
    ...flowSaid(input, from),
    ...itemSaid(input, from),
    ...(item ? [...scopeSaid(config, side, item, to), ...linkSaid(link, side, to)] : []),
    ...(item ? pollSaid(input, item, from) : []),
    ...(plan ? [...filterSaid(plan, chain), ...mappingSaid(plan, chain), ...mergeSaid(plan)] : []),
    ...(standing ? queueSaid(standing, to) : []),
    ...pauseSaid(views),
  ];
  const event = standing?.events.find(({ state }) => state === 'parked');
  const counterpart = link ? atSide(link.ends, otherSide(side)).ref : undefined;
  return {
    ...{ integration: config.id, name: config.name, side, from, to },
    ...(item && { entity: { ...refOf(item), updatedAt: item.updatedAt } }),
    ...(counterpart && { counterpart }),
    verdict: verdictOf(steps),
    steps,
    criteria: plan?.criteria ?? [],
    fields: plan ? explained(plan, link, side) : [],
    warnings: plan?.warnings ?? [],
    nodes: Object.fromEntries(chain.names),
    ...(event && { parked: event.seq }),
  };
}

/** What stops it, the queue's own reason first; else what it waits for; else the last that was said. */
function verdictOf(steps: Said[]): Said {
  const queue = steps.find(({ step, mood }) => step === 'queue' && mood === 'stop');
  const stop = queue ?? steps.find(({ mood }) => mood === 'stop');
  const wait = steps.find(({ mood }) => mood === 'wait');
  const last = steps.filter(({ step, mood }) => mood === 'ok' && (step === 'merge' || step === 'item')).at(-1);
  return stop ?? wait ?? last ?? said('item', 'note', 'nothing');
}

function integrationSaid({ config, held, unused, dryRun }: ExplainInput): Said[] {
  if (!config.active) return [said('integration', 'stop', 'inactive')];
  if (held) return [said('integration', 'stop', `held.${held}`)];
  if (unused) return [said('integration', 'stop', 'unused')];
  return dryRun
    ? [said('integration', 'stop', 'dryRun')]
    : [said('integration', 'ok', 'active', { name: config.name })];
}

function flowSaid({ chain: { poller, written, foreign }, unused }: ExplainInput, from: string): Said[] {
  if (unused) return [];
  if (poller === undefined) return [said('flow', 'stop', 'noPoller', { system: from })];
  if (!written) return [said('flow', 'stop', 'noWriter', { system: from })];
  return foreign.length > 0
    ? [said('flow', 'note', 'foreign', { nodes: foreign.join(', ') })]
    : [said('flow', 'ok', 'wired')];
}

function itemSaid({ found, key }: ExplainInput, system: string): Said[] {
  if (found === undefined) return [said('item', 'stop', 'notFound', { key, system })];
  if (found instanceof SyncError) return [said('item', 'stop', 'unreadable', { key, system, why: found.message })];
  if (found.deleted) return [said('item', 'stop', 'deleted', { key: found.key, system })];
  return [said('item', 'ok', 'found', { key: found.key, system, time: found.updatedAt })];
}

function scopeSaid(config: IntegrationConfig, side: Side, item: Entity, to: string): Said[] {
  const direction = directionFrom(side);
  const end = <T>({ one, two }: { one: T; two: T }): T => atSide([one, two], side);
  const projects = config.projectPairs.filter((pair) => end(pair).id === item.project);
  const types = config.typePairs.filter((pair) => end<{ id: string }>(pair).id === item.type);
  const goes = ({ direction: of }: { direction: Parameters<typeof applies>[0] }): boolean => applies(of, direction);
  if (item.owner) return [said('scope', 'note', 'part', { owner: item.owner.key })];
  if (projects.length === 0) return [said('scope', 'stop', 'noProject', { project: item.project })];
  if (types.length === 0) return [said('scope', 'stop', 'noType', { type: item.type })];
  if (!projects.some(goes)) return [said('scope', 'stop', 'projectDirection', { project: item.project, system: to })];
  if (!types.some(goes)) return [said('scope', 'stop', 'typeDirection', { type: item.type, system: to })];
  const [project, type] = [projects.find(goes), types.find(goes)];
  const names = project && type ? { project: end(project).name, type: end(type).name } : undefined;
  return [said('scope', 'ok', 'inScope', names)];
}

function linkSaid(link: Link | undefined, side: Side, to: string): Said[] {
  if (!link) return [said('link', 'note', 'notLinked', { system: to })];
  return [said('link', 'ok', 'linked', { key: atSide(link.ends, otherSide(side)).ref.key, system: to })];
}

/** Whether the item's present version was read, and why not. */
function pollSaid({ views, side, standing, link }: ExplainInput, item: Entity, system: string): Said[] {
  const { lastPoll, polling, system: about } = atSide(views, side);
  const known = standing?.known;
  if (known !== undefined && known === item.version) return [said('poll', 'ok', 'read')];
  if (item.owner) return [];
  if (about.pausedUntil !== undefined) return [];
  if (lastPoll === undefined) return [said('poll', 'wait', polling ? 'polling' : 'notPolled', { system })];
  if (item.updatedAt > lastPoll.at) return [said('poll', 'wait', 'changedSince', { system, time: lastPoll.at })];
  if (known !== undefined || link) return [said('poll', 'wait', 'newVersion', { system, time: lastPoll.at })];
  return [said('poll', 'stop', 'beforeStart', { time: item.updatedAt })];
}

function filterSaid({ outcome, criteria }: EntityPlan, { names }: Pick<DeployedChain, 'names'>): Said[] {
  if (outcome.kind === 'filtered') {
    const name = names.get(outcome.step) ?? outcome.step;
    if (outcome.otherOutput) return [said('filter', 'stop', 'otherOutput', { name })];
    if (outcome.reason === undefined) return [said('filter', 'stop', 'filtered', { name })];
    return [said('filter', 'stop', 'filteredBecause', { name, why: outcome.reason })];
  }
  return criteria.length > 0 ? [said('filter', 'ok', 'passed')] : [];
}

function mappingSaid({ outcome, fields }: EntityPlan, { names }: Pick<DeployedChain, 'names'>): Said[] {
  switch (outcome.kind) {
    case 'unmapped':
      return [said('mapping', 'stop', 'unmapped')];
    case 'parked': {
      const name = outcome.step === undefined ? undefined : (names.get(outcome.step) ?? outcome.step);
      const code = name === undefined ? 'wouldPark' : 'wouldParkIn';
      return [said('mapping', 'stop', code, { why: outcome.reason, name: name ?? '' })];
    }
    case 'waits':
      return [said('mapping', 'wait', 'waits', { why: outcome.reason })];
    case 'skipped':
      return [said('mapping', 'stop', 'skipped', { why: outcome.reason })];
    case 'noPair':
    case 'filtered':
      return [];
    case 'create':
    case 'update':
    case 'delete':
    case 'nothing':
      return [said('mapping', 'ok', 'mapped', { count: fields.length })];
  }
}

function mergeSaid({ outcome, fields }: EntityPlan): Said[] {
  switch (outcome.kind) {
    case 'create':
      return [said('merge', 'ok', 'create')];
    case 'update': {
      const names = fields.filter(({ effect }) => effect === 'write').map(({ name }) => name);
      return [said('merge', 'ok', 'update', { fields: names.join(', ') })];
    }
    case 'delete':
      return [said('merge', 'ok', 'delete')];
    case 'nothing':
      return [said('merge', 'ok', `nothing.${outcome.why}`)];
    case 'filtered':
    case 'noPair':
    case 'unmapped':
    case 'parked':
    case 'skipped':
    case 'waits':
      return [];
  }
}

function eventSaid({ state, error, attempts, dueAt, sentAt }: StoredEvent, to: string): Said {
  const why = error?.message ?? '';
  switch (state) {
    case 'parked':
      return said('queue', 'stop', 'parked', { why, count: attempts + 1, time: error?.at ?? '' });
    case 'retry':
      return said('queue', 'wait', 'retry', { why, time: iso(dueAt ?? 0) });
    case 'sent':
      return said('queue', 'wait', 'sent', { time: iso(sentAt ?? 0) });
    case 'waiting':
      return said('queue', 'wait', 'waiting', { system: to });
    case 'shown':
      return said('queue', 'wait', 'shown');
    case 'held':
      return said('queue', 'note', 'held');
  }
}

function queueSaid({ events, awaitedBy }: Standing, to: string): Said[] {
  const all = events.map((event) => eventSaid(event, to));
  if (all.length === 0) all.push(said('queue', 'note', 'empty'));
  if (awaitedBy > 0) all.push(said('queue', 'note', 'awaitedBy', { count: awaitedBy }));
  return all;
}

function pauseSaid(views: readonly [SideView, SideView]): Said[] {
  return views.flatMap(({ system: { name, pausedUntil, why = '' } }) =>
    pausedUntil === undefined ? [] : [said('poll', 'stop', 'paused', { system: name, time: pausedUntil, why })],
  );
}

/** The planned fields, with the values when both sides were last in sync. */
function explained({ fields }: EntityPlan, link: Link | undefined, side: Side): ExplainedField[] {
  if (!link) return fields;
  const own = atSide(link.ends, side).baseline;
  const other = atSide(link.ends, otherSide(side)).baseline;
  return fields.map((field) => ({
    ...field,
    ...(field.field in other && { base: other[field.field] }),
    sourceBase: Object.fromEntries(
      field.sources.filter(({ field: id }) => id in own).map(({ field: id }) => [id, own[id] ?? null]),
    ),
  }));
}
