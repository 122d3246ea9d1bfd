/**
 * Counterparts of parts of which a store that was lost or set back does not know. No field of a part shows its counterpart, so it is
 * recognized by the marker of its create, where systems keep such; by the author line that leads from a copy to its original; or by
 * saying the same, where our own account has written one of the two; files by their bytes. Nobody is linked to it yet.
 */

import { broughtParts, type ReadResult } from '../../connectors/connector';
import { commentIn, leadsInto, leadsTo, unframed, withFrameOf } from '../../merge/frames';
import { shows } from '../../merge/tolerance';
import type { IntegrationConfig } from '../../model/config';
import { COMMENT_TEXT, type Entity, type EntityId, type Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Fields, Frame, UserValue } from '../../model/values';
import type { Links } from '../../store/store';
import type { StoreDoubt } from '../doubt';
import { type FileLink, linkSize, linkTo, sizeOf } from '../files';
import { frameFor } from '../frames';
import { writeScope } from '../routing';
import { markerOf } from './adoption';
import type { Change, Decided } from './change';
import { delivered, hidden } from './found';
import { ask, MOST, older, type SearchedSystem } from './named-batch';
import { markerFor } from './origin';

export interface RecognizedPart {
  is: 'counterpart';
  /** as it goes on: without the author line that the source begins with */
  change: Change;
  entity: Entity;
  /** the side whose end was made from the other one */
  made: Side | undefined;
  baselines: { source: Fields; target: Fields };
}

export type KnownPart =
  | RecognizedPart
  /** it was made from another part, which is not free, or gone: it gets no counterpart */
  | { is: 'copy'; reason: string };

/** A system as far as parts are looked for in it. */
export interface PartSystem extends SearchedSystem {
  identity(): Promise<{ readonly user: UserValue }>;
}

/** The integration that asks; of one that is only planned, what is known of it. */
export interface PartAsking {
  readonly config: IntegrationConfig;
  readonly store: Pick<Links, 'linksOf' | 'linksBySystem'>;
  readonly doubt: Pick<StoreDoubt, 'has'>;
}

/**
 * Which of some files in the target has the bytes of a file of the source, or of what is made in its place.
 * @throws SyncError – one of them can't be read, so that it may be the one
 */
export type SameBytes = (file: EntityId, among: readonly Entity[], link?: FileLink) => Promise<Entity | undefined>;

export interface PartWay {
  readonly side: Side;
  readonly targetSide: Side;
  readonly source: PartSystem;
  readonly target: PartSystem;
}

/** Most files of one size that are read to find one of them. */
const MOST_READ = 20;

export class KnownParts {
  /** owner in the target, type → its parts */
  private readonly read = new Map<string, Promise<Entity[]>>();

  /** @param readAt reads entities of a side by their ids; each fails for itself */
  constructor(
    private readonly engine: PartAsking,
    private readonly way: PartWay,
    private readonly readAt: (side: Side, ids: EntityId[]) => Promise<ReadResult[]>,
    private readonly sameBytes: SameBytes,
  ) {}

  /**
   * Of a part that is to be created.
   * @throws SyncError – a system can't be asked, or does not show one that may be it: nothing may be created then
   */
  async of(decided: Decided): Promise<KnownPart | undefined> {
    return (await this.recognized(decided)) ?? (await this.deletedMeanwhile(decided.change));
  }

  /**
   * @param decided what its counterpart would say if it were made now
   * @throws SyncError – a system can't be asked, or does not show one that may be it
   */
  async recognized(decided: Decided): Promise<KnownPart | undefined> {
    const { change } = decided;
    if (!this.isInDoubt(change)) return undefined;
    return (
      (await this.byMarkerThere(change)) ?? (await this.byOwnMarker(change)) ?? (await this.byWhatTheySay(decided))
    );
  }

  private readonly isInDoubt = ({ owner, event }: Change): boolean =>
    owner !== undefined && this.engine.doubt.has(event.entity);

  /** Nothing is known of a part that is gone, not even its marker: it may have been a copy. */
  private async deletedMeanwhile(change: Change): Promise<KnownPart | undefined> {
    if (!this.isInDoubt(change)) return undefined;
    const { source, side } = this.way;
    const [found] = await this.readAt(side, [change.event.entity.id]);
    if (found instanceof SyncError) throw hidden(source.name, 'it is still there', found);
    return found ? undefined : { is: 'copy', reason: 'it was deleted before its counterpart was found' };
  }

  private async byMarkerThere(change: Change): Promise<KnownPart | undefined> {
    const { target, targetSide } = this.way;
    if (!target.connection().keepsMarkers) return undefined;
    const query = { ...change.message.sync.target, owner: change.owner?.ref.id, marker: markerOf(change.event) };
    const { found, unseen } = delivered((await ask(target, query, MOST)) ?? []);
    const [entity] = (await this.free(change, found)).sort(older);
    if (entity) return this.counterpart(change, entity, targetSide);
    if (unseen) throw hidden(target.name, 'it was made before', unseen);
    return undefined;
  }

  /** What the source's own marker says that it was made from. */
  private async byOwnMarker(change: Change): Promise<KnownPart | undefined> {
    const { source, target, side, targetSide } = this.way;
    const { entity } = change.event;
    if (!source.connection().markersOf) return undefined;
    const [markers = []] = (await source.call(async (connection) => connection.markersOf?.([entity.id]))) ?? [];
    const prefix = markerFor(this.engine.config.id, targetSide, '');
    const ids = markers.flatMap((marker) => (marker.startsWith(prefix) ? marker.slice(prefix.length) : []));
    if (ids.length === 0) return undefined;
    const originals = await this.readAt(targetSide, ids);
    const there: Entity[] = [];
    for (const original of originals) {
      if (original instanceof SyncError) throw hidden(target.name, 'what it was made from is there', original);
      if (original) there.push(original);
    }
    if (there.length === 0) return { is: 'copy', reason: 'it was made from one that was deleted' };
    // a person's copy of the owner has taken over the markers
    const its = there.filter(({ owner }) => owner?.id === change.owner?.ref.id);
    const [original] = its;
    if (!original) return undefined;
    const [free] = await this.free(change, its);
    if (free) return this.counterpart(change, free, side);
    return this.copyOf(original, change);
  }

  /** @returns undefined if the original's own event has linked the two just now */
  private async copyOf(original: Entity, { event }: Change): Promise<KnownPart | undefined> {
    const [own] = await this.engine.store.linksOf(this.engine.config.id, this.way.side, [event.entity.id]);
    return own ? undefined : { is: 'copy', reason: `it was made from ${original.key}, which has another counterpart` };
  }

  private async byWhatTheySay({ change, plan }: Decided): Promise<KnownPart | undefined> {
    const { source, target, side, targetSide } = this.way;
    const { entity } = change.event;
    const there = (await this.partsThere(change)).filter((one) => this.engine.doubt.has(one));
    const all = await this.free(change, there);
    const copy = all.find(({ fields }) => leadsTo(fields, lineTo(entity)));
    if (copy) return this.counterpart(change, copy, targetSide);
    const original = all.find((one) => leadsTo(entity.fields, lineTo(one)));
    if (original) return this.counterpart(change, original, side);
    const taken = there.find((one) => leadsTo(entity.fields, lineTo(one)));
    const isLed = taken !== undefined || leadsInto(entity.fields, change.owner?.ref.url ?? '');
    // a person may have copied the line with the text
    if (isLed && (await isOwn(source, entity))) {
      return taken ? this.copyOf(taken, change) : { is: 'copy', reason: 'it was made from one that was deleted' };
    }
    if (change.file) return this.byBytes(change, all);
    if (!commentIn(entity.fields)) return undefined;
    const isOurs = source.connection().markersOf === undefined && (await isOwn(source, entity));
    for (const one of all) {
      if (!shows(one.fields, plan.write)) continue;
      const isTheirs = !target.connection().keepsMarkers && (await isOwn(target, one));
      if (isOurs || isTheirs)
        return this.counterpart(change, one, isTheirs === isOurs ? undefined : isOurs ? side : targetSide);
    }
    return undefined;
  }

  /** Two files of one name may be two files, and a copy may have another name by now: what tells is what stands in them. */
  private async byBytes(change: Change, all: readonly Entity[]): Promise<KnownPart | undefined> {
    const { source, target, side, targetSide } = this.way;
    const { file, event } = change;
    const { entity } = event;
    const isOurs = await isOwn(source, entity);
    const original = isOurs ? all.find((one) => isLinkTo(entity, one)) : undefined;
    if (original) return withNames(this.counterpart(change, original, side));
    const isTheirs = await Promise.all(all.map(async (one) => isOurs || isOwn(target, one)));
    const size = file?.link ? linkSize(file.link) : sizeOf(entity);
    const name = change.message.payload.name;
    const alike = all
      .filter((one, index) => isTheirs[index] && sizeOf(one) === size)
      .sort((one, two) => Number(two.fields.name === name) - Number(one.fields.name === name));
    const found = await this.sameBytes(entity.id, alike.slice(0, MOST_READ), file?.link);
    const known = found && this.counterpart(change, found, isOurs ? side : targetSide);
    return known && file?.link ? withNames(known) : known;
  }

  /** All that its owner's counterpart has of the type, the oldest first; asked for once. */
  private partsThere({ owner, message }: Change): Promise<Entity[]> {
    const { target, targetSide } = this.way;
    const [id, type] = [owner?.ref.id ?? '', message.sync.target.type];
    const key = JSON.stringify([id, type]);
    const scope = writeScope(this.engine.config, targetSide);
    const parts =
      this.read.get(key) ??
      target
        .call(async (connection) => broughtParts((await connection.parts?.(scope, [id], [type]))?.[0]))
        .then((found = []) => {
          if (found instanceof SyncError) throw hidden(target.name, 'it has a counterpart', found);
          return found;
        });
    this.read.set(key, parts);
    return parts;
  }

  private async free({ replaces }: Change, parts: Entity[]): Promise<Entity[]> {
    const { store } = this.engine;
    const links = await Promise.all(parts.map(({ id }) => store.linksBySystem(this.way.target.id, id)));
    return parts.filter((_part, index) => links[index]?.every(({ id }) => id === replaces));
  }

  /** Which of two texts that differ is newer is all that is known of them: the other one counts as what both had in common. */
  private counterpart(change: Change, entity: Entity, made: Side | undefined): RecognizedPart {
    const { targetSide, target } = this.way;
    const own = change.event.entity;
    const isNewer = Date.parse(own.updatedAt) >= Date.parse(entity.updatedAt);
    const common = { is: 'counterpart' as const, change, entity, made };
    if (leadsTo(entity.fields, lineTo(own))) {
      const frame = change.frame ?? lineTo(own);
      const there = textOf(unframed(entity.fields, frame, {}));
      const mapped = textOf(withFrameOf(change.message.payload, frame));
      return {
        ...common,
        baselines: isNewer ? { source: {}, target: there } : { source: textOf(own.fields), target: mapped },
      };
    }
    if (!leadsTo(own.fields, lineTo(entity))) return { ...common, baselines: { source: {}, target: {} } };
    const frame = frameFor(this.engine.config, targetSide, { entity }, target.name) ?? lineTo(entity);
    const without = (fields: Fields): Fields => unframed(fields, frame, {});
    const here = textOf(without(own.fields));
    const bare = (fields: Fields): Fields => withFrameOf(without(fields), undefined);
    const payload = bare(change.message.payload);
    return {
      ...common,
      change: {
        ...change,
        message: { ...change.message, payload },
        asMapped: bare(change.asMapped),
        event: { ...change.event, entity: { ...own, fields: without(own.fields) } },
        frame: undefined,
      },
      baselines: isNewer ? { source: emptied(here), target: textOf(entity.fields) } : { source: here, target: {} },
    };
  }
}

/** The file is what was made in place of another one, which the system did not take. */
const isLinkTo = ({ fields }: Entity, original: Entity): boolean => {
  const link = linkTo(original, {});
  return fields.name === link.name && fields.size === linkSize(link);
};

/** The file and what stands in its place have each a name of its own. */
const withNames = (known: RecognizedPart): RecognizedPart => {
  const nameOf = ({ fields: { name = null } }: Entity): Fields => ({ name });
  return { ...known, baselines: { source: nameOf(known.change.event.entity), target: nameOf(known.entity) } };
};

/** The author line of a comment's copies, with only its address, by which a copy is recognized. */
const lineTo = ({ url }: Entity): Frame => ({ ...(url !== undefined && { url }) });

const textOf = (fields: Fields): Fields =>
  COMMENT_TEXT in fields ? { [COMMENT_TEXT]: fields[COMMENT_TEXT] ?? null } : {};

/** Its author line is known, and nothing of what it says is in sync. */
function emptied(text: Fields): Fields {
  const value = text[COMMENT_TEXT];
  return typeof value === 'object' && value !== null && 'content' in value
    ? { [COMMENT_TEXT]: { ...value, content: '' } }
    : {};
}

async function isOwn(system: PartSystem, { createdBy }: Entity): Promise<boolean> {
  return createdBy?.id !== undefined && createdBy.id === (await system.identity()).user.id;
}
