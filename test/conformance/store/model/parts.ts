/** Which owners' parts are to be read, and what was read. */

import type { Checkpoint } from '../../../../lib/connectors/connector';
import { DELETED_VERSION, type Entity, type EntityId, type EntityTypeId, type Side } from '../../../../lib/model';
import type { Flow, PartReading, PartsRead, RecordSummary } from '../../../../lib/store/store';
import type { ModelLines } from './lines';
import type { ModelQueue } from './queue';
import { bare, idOf, key, type Model, type ModelLink, nth, type Reading, sameFlow } from './state';
import { walkOn } from './walk';

export class ModelParts {
  constructor(
    private readonly model: Model,
    private readonly queue: ModelQueue,
    private readonly lines: ModelLines,
  ) {}

  async record(
    flow: Flow,
    system: string,
    entities: Entity[],
    readAt: number,
    checkpoint: Checkpoint | undefined,
    urgent = false,
    owners: readonly EntityTypeId[] = [],
  ): Promise<RecordSummary> {
    this.model.systems.set(key(flow), system);
    this.model.stored.add(flow.integration);
    if (checkpoint) this.model.checkpoints.set(key(flow), checkpoint);
    const asked: EntityId[] = [];
    const summary = await this.queue.recordAll(flow, entities, readAt, urgent, asked);
    if (owners.length === 0) this.model.partWishes.delete(key(flow));
    const meant = entities.filter(({ id, type }) => asked.includes(id) && owners.includes(type));
    if (meant.length > 0)
      await this.askAll(
        flow,
        meant.map(({ id }) => id),
      );
    return summary;
  }

  ask(link: number, side: Side, asked: number): void {
    this.model.readings = this.model.readings.filter((reading) => reading.link !== link || reading.side !== side);
    this.model.readings.push({ link, side, dueAt: 0, step: 0, asked });
  }

  private async askAll({ integration, side }: Flow, owners: EntityId[]): Promise<void> {
    const at = await this.model.sequence();
    for (const owner of owners) {
      const link = this.model.find(integration, side, owner);
      if (link && link.owner === undefined) this.ask(link.id, side, at);
    }
  }

  async askParts(flow: Flow, owners: EntityId[]): Promise<void> {
    this.model.stored.add(flow.integration);
    await this.askAll(flow, owners);
  }

  async askEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean> {
    this.model.stored.add(flow.integration);
    const walk = walkOn(this.model, this.model.partWishes, flow, wish, limit);
    if (!walk) return false;
    const at = await this.model.sequence();
    for (const { id } of walk.links) this.ask(id, flow.side, at);
    return walk.isMore;
  }

  private readingsOf({ integration, side }: Flow): (Reading & { of: ModelLink })[] {
    return this.model.readings
      .flatMap((reading) => {
        const of = this.model.links.find(({ id }) => id === reading.link);
        return of?.integration === integration && reading.side === side ? [{ ...reading, of }] : [];
      })
      .toSorted((a, b) => a.dueAt - b.dueAt || a.link - b.link);
  }

  async partsDue(flow: Flow, limit: number, now: number): Promise<PartReading[]> {
    const due = this.readingsOf(flow).filter(({ dueAt }) => dueAt <= now);
    return due.slice(0, limit).map(({ of, side, step }) => ({ link: bare(of), side, step }));
  }

  async nextParts(flow: Flow): Promise<number | undefined> {
    return this.readingsOf(flow)[0]?.dueAt;
  }

  async recordParts(
    flow: Flow,
    system: string,
    readings: PartsRead[],
    readAt: number,
    urgent = false,
  ): Promise<RecordSummary> {
    this.model.systems.set(key(flow), system);
    this.model.stored.add(flow.integration);
    const summary = { recorded: 0, known: 0 };
    for (const { link: number, types, present, parts, again } of readings) {
      const link = this.model.links.find(({ id }) => id === number);
      if (link?.integration !== flow.integration || link.owner !== undefined) continue;
      const isAway = (id: EntityId) => present !== undefined && !present.includes(id);
      const gone = this.model.events.filter(({ flow: its, entity, readAt: at }) => {
        const isNew = !this.model.find(flow.integration, flow.side, entity.id) && at < readAt;
        const isMeant = entity.owner?.id === idOf(link, flow.side) && types.includes(entity.type);
        return sameFlow(its, flow) && isMeant && isNew && isAway(entity.id);
      });
      const begun = gone.filter(({ state, intent }) => state === 'sent' || intent !== undefined);
      for (const event of gone.filter((one) => !begun.includes(one))) {
        this.model.remove(event);
        this.model.forget(flow, event.entity.id);
      }
      this.lines.lineUp();
      const undone = begun.map(
        ({ entity }): Entity => ({ ...entity, version: DELETED_VERSION, fields: {}, deleted: true }),
      );
      const deleted = this.model.links
        .filter(({ owner, id }) => owner === number && id <= readAt)
        .filter((part) => types.includes(nth(part.ends, flow.side).ref.type) && isAway(idOf(part, flow.side)))
        .toSorted((a, b) => a.id - b.id)
        .map((part): Entity => ({ ...this.model.namesOnly(part, flow.side, DELETED_VERSION), deleted: true }));
      const { recorded, known } = await this.queue.recordAll(flow, [...parts, ...undone, ...deleted], readAt, urgent);
      summary.recorded += recorded;
      summary.known += known;
      const isLater = this.model.links.some(
        (part) =>
          part.owner === number &&
          part.id > readAt &&
          types.includes(nth(part.ends, flow.side).ref.type) &&
          isAway(idOf(part, flow.side)),
      );
      if (isLater) continue;
      const before = this.model.readings.find((reading) => reading.link === number && reading.side === flow.side);
      const asked = before?.asked ?? 0;
      if (asked > readAt) continue;
      this.model.readings = this.model.readings.filter((reading) => reading !== before);
      if (again) this.model.readings.push({ link: link.id, side: flow.side, ...again, asked });
    }
    return summary;
  }
}
