/** What people see of links, and do with them: find one, sync it now, end it, pair two items by hand. */

import { turn } from '../model/clock';
import { type Entity, type EntityId, refOf, type Side } from '../model/entity';
import { SyncError } from '../model/errors';
import { isAddress, keyIn } from '../model/item-key';
import { append } from '../model/lists';
import type { LinkDetail, LinkView } from '../model/operations';
import { atSide, SIDES } from '../model/sides';
import type { Link, LinkEnd } from '../store/store';
import type { Engine } from './engine';
import { isFileType, readScope, route, typeName } from './routing';

/** Links that one look goes through: some ten milliseconds in which Node-RED stands still. */
const SPAN = 5_000;
/** Looks for one answer. */
const MOST_LOOKS = 40;
/** After so long, the rest is for the next answer. */
const LONGEST_MS = 200;
const MOST_PARTS = 200;

export class LinkCommands {
  constructor(private readonly engine: Engine) {}

  /**
   * Links, newest first, by a part of the id or key of either item, or by an item's address.
   * @param before continues an earlier answer: its `next`
   */
  async find(text: string, before: number | undefined, limit: number): Promise<{ items: LinkView[]; next?: number }> {
    const { store, config } = this.engine;
    const wanted = keyIn(text);
    const started = this.engine.clock.now();
    const items: LinkView[] = [];
    let from = before;
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      const { links, next } = await store.findLinks(config.id, wanted, from, limit - items.length, SPAN);
      append(items, links.filter((link) => !isAddress(text) || isAt(link, text, wanted)).map(viewOf));
      from = next;
      const isLate = this.engine.clock.now() - started > LONGEST_MS;
      if (next === undefined || items.length >= limit || isLate) break;
      await turn(this.engine.clock);
    }
    return { items, ...(from !== undefined && { next: from }) };
  }

  /** @param entity id of the item of side 1. @throws SyncError notFound */
  async detail(entity: EntityId): Promise<LinkDetail> {
    const { store, config } = this.engine;
    const link = await this.linkOf(1, entity);
    const parts = await store.partLinks(link.id, MOST_PARTS + 1);
    const isFile = (part: Link): boolean => isFileType(config, 1, part.ends[0].ref.type);
    const standings = await Promise.all(
      SIDES.map((side) => store.standing({ integration: config.id, side }, atSide(link.ends, side).ref.id)),
    );
    return {
      ...viewOf(link),
      places: [this.place(1, link), this.place(2, link)],
      parts: parts.slice(0, MOST_PARTS).map((part) => ({
        ends: [part.ends[0].ref, part.ends[1].ref],
        isFile: isFile(part),
        ...(part.made && { made: part.made }),
      })),
      moreParts: parts.length > MOST_PARTS,
      leftOut: [link.ends[0].leftOut ?? [], link.ends[1].leftOut ?? []],
      inDoubt: link.ends.some(({ pending }) => pending !== undefined),
      open: standings.flatMap(({ events }, index) =>
        events.map(({ seq, state, error, attempts }) => ({
          ...{ event: seq, side: index === 0 ? (1 as const) : (2 as const), state, attempts },
          ...(error && { why: error.message }),
        })),
      ),
    };
  }

  /**
   * Reads both items again and syncs what differs, as if both had changed. A parked change of either is retried.
   * @throws SyncError notFound
   */
  async syncNow(entity: EntityId): Promise<void> {
    const { store, config } = this.engine;
    const link = await this.linkOf(1, entity);
    for (const side of SIDES) {
      if (!readScope(config, side)) continue;
      await store.readAgain({ integration: config.id, side }, [atSide(link.ends, side).ref.id]);
    }
    this.engine.inFlight.resume();
  }

  /**
   * Ends a link. The items stay as they are; what happens to one of them later is not synced to the other, but to a new
   * counterpart.
   * @throws SyncError notFound; conflict – one of them is being written
   */
  async unlink(entity: EntityId): Promise<void> {
    const { store, config } = this.engine;
    const link = await this.linkOf(1, entity);
    if (await store.unlink(config.id, link.id)) return;
    throw new SyncError('conflict', 'One of the two items is being synced at the moment. Try again in a few seconds.');
  }

  /**
   * Links two items. What differs is decided by the rows' conflict rules, since nobody knows what was in sync.
   * @throws SyncError invalid – no pair of projects and types fits; conflict – one of them is linked
   */
  async pair(one: Entity, two: Entity): Promise<void> {
    const { store, config } = this.engine;
    const fits = [
      [route(config, 1, one)?.target, two],
      [route(config, 2, two)?.target, one],
    ] as const;
    const isFit = fits.some(([target, { project, type }]) => target?.project === project && target.type === type);
    if (!isFit) {
      throw new SyncError(
        'invalid',
        `No pairs of projects and types of the integration lead from ${one.key} to ${two.key} or back.`,
      );
    }
    for (const [side, item] of [
      [1, one],
      [2, two],
    ] as const) {
      const link = await store.linkOf(config.id, side, item.id);
      if (!link) continue;
      const other = atSide(link.ends, side === 1 ? 2 : 1).ref.key;
      throw new SyncError('conflict', `${item.key} is linked with ${other}. Unlink the two first.`);
    }
    const ends: [LinkEnd, LinkEnd] = [this.end(1, one), this.end(2, two)];
    const [refused] = await store.land([{ integration: config.id, event: 0, delivery: 0, ends }]);
    if (refused !== undefined) throw new SyncError('conflict', refused);
    await this.syncNow(one.id);
  }

  /** What people call an item's project and type; their ids if no pair has them any more. */
  private place(side: Side, { ends }: Link): { project: string; type: string } {
    const { config } = this.engine;
    const { project, type } = atSide(ends, side).ref;
    const known = config.projectPairs.map((pair) => atSide(pair, side)).find(({ id }) => id === project);
    return { project: known?.name ?? project, type: typeName(config, side, type) ?? type };
  }

  /** Of an item that nobody has synced yet: no version of it is known, and no value was in sync. */
  private end(side: Side, item: Entity): LinkEnd {
    return { system: this.engine.systems[side].id, ref: refOf(item), version: '', baseline: {} };
  }

  private async linkOf(side: Side, entity: EntityId): Promise<Link> {
    const link = await this.engine.store.linkOf(this.engine.config.id, side, entity);
    if (link && link.owner === undefined) return link;
    throw new SyncError('notFound', 'These two items are no longer linked.');
  }
}

const viewOf = ({ id, ends: [one, two], made }: Link): LinkView => ({
  ...{ link: id, ends: [one.ref, two.ref] },
  ...(made && { made }),
});

/** One of the items has the address, in this form or in another one that its server has for it. */
function isAt({ ends }: Link, address: string, tail: string): boolean {
  const bare = (url: string): string => url.replace(/[/#?]+$/, '').toLowerCase();
  const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '');
  return ends.some(({ ref: { url, key, id } }) => {
    const isNamed = key === tail || id === tail;
    if (url === undefined || !isAddress(url)) return isNamed;
    return bare(url) === bare(address) || (isNamed && hostOf(url) === hostOf(address));
  });
}
