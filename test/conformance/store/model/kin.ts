/** What is linked with each other, over whatever integrations. */

import { isDeepStrictEqual } from 'node:util';
import type { EntityId, Fields, Side } from '../../../../lib/model';
import type { Counterpart, KinLink, Link, LinkEnd } from '../../../../lib/store/store';
import { bare, changed, type Event, key, type Model, type ModelLink, nth, other } from './state';

export class ModelKin {
  constructor(private readonly model: Model) {}

  async setPlace(system: string, place: string, by: string): Promise<void> {
    const before = this.model.places.get(system);
    this.model.places.set(system, place);
    for (const integration of before !== undefined && before !== place ? this.model.stored : []) {
      const name = `${integration}\n${system}`;
      if (!this.model.former.has(name)) this.model.former.set(name, before ?? '');
    }
    this.model.former.delete(`${by}\n${system}`);
  }

  async placeOf(system: string, integration: string): Promise<string | undefined> {
    return this.model.former.get(`${integration}\n${system}`) ?? this.model.places.get(system);
  }

  async kinOf(system: string, entity: EntityId, by: string): Promise<KinLink[]> {
    if (this.model.stored.size < 2 && this.model.stored.has(by)) return [];
    const kin = this.kin(`${this.model.place(system)} ${entity}`);
    return this.model.links
      .filter(({ ends, integration }) => kin.has(this.model.name(ends[0], integration)))
      .toSorted((a, b) => a.id - b.id)
      .map((link) => {
        const place = (side: Side): string => this.model.place(nth(link.ends, side).system, link.integration);
        return { ...bare(link), places: [place(1), place(2)] };
      });
  }

  async linksBySystem(system: string, entity: EntityId): Promise<Link[]> {
    const name = `${this.model.place(system)} ${entity}`;
    return this.model.links
      .filter(({ ends, integration }) => ends.some((end) => this.model.name(end, integration) === name))
      .toSorted((a, b) => a.id - b.id)
      .map(bare);
  }

  async counterparts(system: string, entities: EntityId[], toward: string): Promise<Counterpart[][]> {
    return entities.map((entity) => this.counterpartsOf(system, entity, toward));
  }

  counterpartsOf(system: string, entity: EntityId, toward: string): Counterpart[] {
    const ends = this.model.links
      .toSorted((a, b) => a.id - b.id)
      .flatMap(({ integration, ends }) =>
        ([2, 1] as const).map((side) => ({ integration, side, from: nth(ends, other(side)), to: nth(ends, side) })),
      );
    const view = ({ integration, side, to }: (typeof ends)[number]): Counterpart => {
      return { integration, side, ref: structuredClone(to.ref) };
    };
    const direct = ends.filter(({ integration, from, to }) =>
      this.leads(integration, [from, to], system, entity, toward),
    );
    if (direct.length > 0 || this.model.stored.size < 2) return direct.map(view);
    const own = `${this.model.place(system)} ${entity}`;
    const kin = this.kin(own);
    const named = ends.map((end) => ({ ...end, name: this.model.name(end.to, end.integration) }));
    const there = named.filter(
      ({ integration, to, name }) =>
        this.model.place(to.system, integration) === this.model.place(toward) && name !== own && kin.has(name),
    );
    return there.filter(({ name }, index) => there.findIndex((first) => first.name === name) === index).map(view);
  }

  private leads(
    integration: string,
    [from, to]: [LinkEnd, LinkEnd],
    system: string,
    entity: EntityId,
    toward: string,
  ): boolean {
    const isSame = (its: string, asked: string) => this.model.place(its, integration) === this.model.place(asked);
    return isSame(from.system, system) && from.ref.id === entity && isSame(to.system, toward);
  }

  /** The entity and all that links lead to from it. */
  kin(name: string): Set<string> {
    const all = new Set([name]);
    for (const member of all) {
      for (const { ends, integration } of this.model.links) {
        const own = ends.map((end) => this.model.name(end, integration));
        if (own.includes(member)) for (const one of own) all.add(one);
      }
    }
    return all;
  }

  /** Undefined where nobody knows which system the flow reads: it was never read. */
  nameOf({ flow, entity }: Pick<Event, 'flow' | 'entity'>): string | undefined {
    const system = this.model.systems.get(key(flow));
    return system === undefined ? undefined : `${this.model.place(system, flow.integration)} ${entity.id}`;
  }

  isBusy(event: Event): boolean {
    const name = this.nameOf(event);
    if (name === undefined) return false;
    const kin = this.kin(name);
    return this.model.events.some((other) => {
      const its = other.state === 'sent' ? this.nameOf(other) : undefined;
      return its !== undefined && kin.has(its);
    });
  }

  /** @returns `readAt`, or what makes it stale: the part's link has ended since */
  readAt(event: Pick<Event, 'flow' | 'entity'>, readAt: number): number {
    const name = event.entity.owner && this.nameOf(event);
    return name !== undefined && (this.model.ended.get(name) ?? 0) > readAt ? Number.NEGATIVE_INFINITY : readAt;
  }

  /** The same end of links of other integrations between the same two entities. */
  twinEnds(link: ModelLink, side: Side): { id: number; end: LinkEnd }[] {
    if (this.model.stored.size < 2) return [];
    const its = (end: LinkEnd, of: ModelLink): string => this.model.name(end, of.integration);
    const [here, there] = [its(nth(link.ends, side), link), its(nth(link.ends, other(side)), link)];
    return this.model.links
      .filter((one) => one !== link)
      .flatMap((one) => {
        const twin = ([1, 2] as const).find(
          (at) => its(nth(one.ends, at), one) === here && its(nth(one.ends, other(at)), one) === there,
        );
        return twin ? [{ id: one.id, end: nth(one.ends, twin) }] : [];
      })
      .toSorted((a, b) => a.id - b.id);
  }

  /** What a landing means for the links of other integrations. */
  spread(link: ModelLink, before: ModelLink | undefined, wrote: Side[], at: number): void {
    const [one, two] = link.ends.map((end) => this.model.name(end, link.integration)) as [string, string];
    const others = this.model.links.filter((other) => other !== link);
    for (const side of [1, 2] as const) {
      const written = nth<string>([one, two], side);
      for (const other of others) {
        const [first, second] = other.ends.map((end) => this.model.name(end, other.integration));
        if (first !== written && second !== written) continue;
        const its = first === written ? 0 : 1;
        if (!before) link.wrote[side - 1] = Math.max(nth(link.wrote, side), other.wrote[its]);
        if (wrote.includes(side)) other.wrote[its] = Math.max(other.wrote[its], at);
        const isTwin = first === (its === 0 ? written : two) && second === (its === 0 ? two : written);
        if (side === 2 || !before || !isTwin) continue;
        const sides = [0, 1].map((index) => changed(before.ends[index]?.baseline, link.ends[index]?.baseline));
        this.patch(other, its === 0 ? [sides[0], sides[1]] : [sides[1], sides[0]], at);
      }
      if (wrote.includes(side)) this.compose(link, side);
    }
  }

  private compose(link: ModelLink, side: Side): void {
    const [written, source] = [nth(link.ends, side), nth(link.ends, other(side))];
    const at = (end: LinkEnd, of: ModelLink): string => this.model.name(end, of.integration);
    const way = [{ name: at(source, link), fields: source.baseline, as: Number.POSITIVE_INFINITY }];
    const known = new Set([at(written, link), at(source, link)]);
    for (const { name, fields, as } of way) {
      for (const next of this.model.links.toSorted((a, b) => a.id - b.id)) {
        const [here, there] = next.ends.toSorted((a) => (at(a, next) === name ? -1 : 1));
        if (next === link || !here || !there || at(here, next) !== name || known.has(at(there, next))) continue;
        if (!isDeepStrictEqual(here.baseline, fields)) continue;
        known.add(at(there, next));
        const asOf = Math.min(as, next.landed);
        way.push({ name: at(there, next), fields: there.baseline, as: asOf });
        for (const closing of this.model.links) {
          const names = closing.ends.map((end) => at(end, closing));
          if (closing === link || closing.landed >= asOf) continue;
          const its = names.indexOf(at(written, link));
          if (its < 0 || names[1 - its] !== at(there, next)) continue;
          this.patch(
            closing,
            its === 0 ? [written.baseline, there.baseline] : [there.baseline, written.baseline],
            asOf,
          );
        }
      }
    }
  }

  private patch(link: ModelLink, fields: [Fields | undefined, Fields | undefined], at: number): void {
    if (fields.every((side) => Object.keys(side ?? {}).length === 0)) return;
    for (const index of [0, 1] as const) {
      const end = link.ends[index];
      link.ends[index] = { ...end, baseline: { ...end.baseline, ...fields[index] } };
    }
    link.landed = Math.max(link.landed, at);
  }
}
