/** How links come to be, and how they end. */

import { DELETED_VERSION, type Entity, type Side } from '../../../../lib/model';
import type { Ending, Flow, Landing, LinkEnd } from '../../../../lib/store/store';
import type { ModelKin } from './kin';
import type { ModelLines } from './lines';
import type { ModelOwing } from './owing';
import type { ModelParts } from './parts';
import type { ModelQueue } from './queue';
import { type Event, idOf, kept, key, type Model, type ModelLink, nth, other, sameFlow } from './state';
import type { ModelWaits } from './waits';

export class ModelLanding {
  constructor(
    private readonly model: Model,
    private readonly kin: ModelKin,
    private readonly lines: ModelLines,
    private readonly waits: ModelWaits,
    private readonly queue: ModelQueue,
    private readonly parts: ModelParts,
    private readonly owing: ModelOwing,
  ) {}

  async land(landings: Landing[]): Promise<(string | undefined)[]> {
    const at = await this.model.sequence();
    const results: (string | undefined)[] = [];
    for (const landing of landings) results.push(await this.landOne(landing, at));
    return results;
  }

  private async landOne(landing: Landing, at: number): Promise<string | undefined> {
    const { integration, ends } = landing;
    this.model.stored.add(integration);
    const ids: [string, string] = [ends[0].ref.id, ends[1].ref.id];
    const touching = this.model.links.filter(
      (link) =>
        link.integration === integration && ([1, 2] as const).some((side) => idOf(link, side) === nth(ids, side)),
    );
    const replaced = touching.find(({ id }) => id === landing.replaces);
    const others = touching.filter((link) => link !== replaced);
    const isOwners = ({ id, integration, owner }: ModelLink) =>
      id === landing.owner && integration === landing.integration && owner === undefined && id !== landing.replaces;
    const same = others.find((link) => idOf(link, 1) === ids[0] && idOf(link, 2) === ids[1]);
    if (others.some((link) => link !== same)) return 'linked already';
    const ownersLink = this.model.links.find(isOwners);
    if (landing.owner !== undefined && !ownersLink) return 'owners are not linked';
    if (replaced) this.unlink(replaced);
    const owner = same ? same.owner : landing.owner;
    const wrote = [landing.wrote ?? []].flat();
    const wroteAt = (side: Side) => (wrote.includes(side) ? at : same ? nth(same.wrote, side) : 0);
    const pending = (side: Side) => (same && !wrote.includes(side) ? nth(same.ends, side).pending : undefined);
    const endOf = (side: Side): LinkEnd => {
      const { pending: _, ...given } = nth(ends, side);
      const end = { ...given, ref: kept(given.ref, owner !== undefined) };
      return { ...end, ...(pending(side) && { pending: pending(side) }) };
    };
    const link: ModelLink = {
      id: same?.id ?? (await this.model.sequence()),
      integration,
      ends: [endOf(1), endOf(2)],
      wrote: [wroteAt(1), wroteAt(2)],
      landed: at,
      ...((same?.made ?? landing.made) && { made: same ? same.made : landing.made }),
      ...(owner !== undefined && { owner }),
    };
    this.model.links = [...this.model.links.filter((candidate) => candidate !== same), link];
    for (const side of [1, 2] as const) {
      const [end, twins] = [nth(link.ends, side), this.kin.twinEnds(link, side)];
      for (const twin of same || wrote.includes(side) ? [] : twins) {
        if (twin.end.pending) end.pending = { ...structuredClone(twin.end.pending), ...end.pending };
      }
      const gone = (landing.settled ?? []).filter((its) => its.side === side).flatMap(({ fields }) => fields);
      for (const its of [end, ...twins.map((twin) => twin.end)]) {
        const left = Object.entries(its.pending ?? {}).filter(([field]) => !gone.includes(field));
        delete its.pending;
        if (left.length > 0) its.pending = Object.fromEntries(left);
      }
    }
    if (this.model.stored.size > 1) this.kin.spread(link, same, wrote, at);
    for (const side of landing.owes ?? []) {
      this.owing.forgive(link.id, side);
      this.model.owing.push({ link: link.id, side, attempts: 0, dueAt: 0 });
    }
    for (const side of landing.asks ?? []) this.parts.ask(link.id, side, at);

    if (!same) {
      const joined = this.kin.kin(this.model.name(link.ends[0], integration));
      for (const wait of this.model.waits) {
        if (joined.has(`${this.model.place(wait.system)} ${wait.entity}`) && this.waits.isOver(wait)) wait.isDue = true;
      }
    }
    for (const [names, from, to] of [
      [landing.aliases?.[0] ?? [], ends[0], ends[1]],
      [landing.aliases?.[1] ?? [], ends[1], ends[0]],
    ] as const) {
      for (const wait of this.model.waits) {
        const isBetween =
          this.model.place(wait.system) === this.model.place(from.system) &&
          this.model.place(wait.toward) === this.model.place(to.system);
        if (isBetween && names.includes(wait.entity)) wait.isDue = true;
      }
    }
    if (landing.awaits) {
      const { side, entities, since = Number.POSITIVE_INFINITY } = landing.awaits;
      const [end, far] = [nth(ends, side), nth(ends, other(side))];
      const isOver = this.model.links.some(({ owner: its, id }) => its === (owner ?? link.id) && id > since);
      this.waits.await({ integration, side }, end.ref.id, end.system, far.system, entities, isOver);
    }

    const event = this.model.events.find(({ seq, flow }) => seq === landing.event && flow.integration === integration);
    if (event?.delivery === landing.delivery) {
      event.intent = undefined;
      event.intentOpened = undefined;
      if (event.state === 'sent') this.model.remove(event);
    }
    for (const side of [1, 2] as const) this.settle({ integration, side }, nth(ends, side));
    const { ownerMoved } = landing;
    if (ownerMoved && ownersLink) {
      const flow = { integration, side: ownerMoved.side };
      const its = key(flow, idOf(ownersLink, ownerMoved.side));
      const isIdle = this.model.of(flow, idOf(ownersLink, ownerMoved.side)).length === 0;
      if (isIdle && this.model.known.get(its) === ownerMoved.before) this.model.known.set(its, ownerMoved.after);
    }
    this.lines.lineUp();
    return undefined;
  }

  private settle(flow: Flow, end: LinkEnd): void {
    for (const event of [this.model.main(flow, end.ref.id), this.model.held(flow, end.ref.id)]) {
      if (!event || event.intent || event.entity.version !== end.version) continue;
      if (event.state === 'waiting' || event.state === 'held' || event.state === 'shown') this.model.remove(event);
    }
    this.model.release(flow, end.ref.id);
    if (!this.model.main(flow, end.ref.id)) this.model.known.set(key(flow, end.ref.id), end.version);
  }

  /** Ends a link; with it its parts, and all that is under way of them. */
  private unlink(link: ModelLink): void {
    const parts = this.model.links.filter(({ owner }) => owner === link.id);
    this.model.links = this.model.links.filter((one) => one !== link && !parts.includes(one));
    for (const side of [1, 2] as const) {
      const flow = { integration: link.integration, side };
      const ids = parts.map((part) => idOf(part, side));
      const isGone = ({ flow: its, entity }: Event) =>
        sameFlow(its, flow) &&
        (ids.includes(entity.id) || (link.owner === undefined && entity.owner?.id === idOf(link, side)));
      for (const event of this.model.events.filter(isGone)) {
        this.model.remove(event);
        this.model.forget(flow, event.entity.id);
      }
      for (const id of ids) this.model.forget(flow, id);
    }
  }

  async end(endings: Ending[]): Promise<void> {
    const at = await this.model.sequence();
    for (const { event: seq, delivery, link: number } of endings) {
      const event = this.model.underWay({ seq, delivery });
      if (!event) continue;
      this.model.remove(event);
      const { integration, side } = event.flow;
      const link = this.model.links.find(({ id }) => id === number);
      if (link?.integration === integration && idOf(link, side) === event.entity.id) {
        const names = link.ends.map((end) => this.model.name(end, integration));
        const twins = this.model.links.filter(
          (one) => one !== link && this.kin.twinEnds(link, 1).some(({ id }) => id === one.id),
        );
        for (const its of [link, ...twins]) this.endLink(its);
        for (const name of names) {
          this.model.ended.set(name, at);
          const its = this.model.events.filter((one) => this.kin.nameOf(one) === name);
          for (const one of its) {
            if (!this.model.find(one.flow.integration, one.flow.side, one.entity.id))
              one.readAt = Number.NEGATIVE_INFINITY;
          }
        }
        for (const name of names) await this.deletedBeside(name);
      } else this.model.release(event.flow, event.entity.id);
      this.lines.lineUp();
    }
  }

  async release(integration: string, number: number): Promise<boolean> {
    const link = this.model.links.find(({ id }) => id === number);
    if (!link || link.owner !== undefined || link.integration !== integration) return false;
    const ends = ([1, 2] as const).flatMap((side) => this.model.of({ integration, side }, idOf(link, side)));
    if (ends.some(({ state }) => state === 'sent')) return false;
    this.unlink(link);
    for (const event of ends) this.model.remove(event);
    return true;
  }

  private endLink(link: ModelLink): void {
    this.unlink(link);
    for (const end of [1, 2] as const) {
      const flow = { integration: link.integration, side: end };
      for (const its of this.model.of(flow, idOf(link, end))) if (its.state !== 'sent') this.model.remove(its);
      this.model.known.set(key(flow, idOf(link, end)), DELETED_VERSION);
    }
  }

  /** Other links that know the part as deleted hear of it again. */
  private async deletedBeside(name: string): Promise<void> {
    const links = this.model.stored.size > 1 ? this.model.links.filter(({ owner }) => owner !== undefined) : [];
    for (const link of links.toSorted((a, b) => a.id - b.id)) {
      const side = ([1, 2] as const).find((one) => this.model.name(nth(link.ends, one), link.integration) === name);
      if (!side || nth(link.ends, side).version !== DELETED_VERSION) continue;
      const flow = { integration: link.integration, side };
      this.model.known.set(key(flow, idOf(link, side)), '');
      const deleted: Entity = { ...this.model.namesOnly(link, side, DELETED_VERSION), deleted: true };
      await this.queue.recordAll(flow, [deleted], Number.NEGATIVE_INFINITY, false);
    }
  }
}
