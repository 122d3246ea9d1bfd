/**
 * Pictures in texts that show attachments: the copy of the attachment, as the target's texts show it, else a link to the original.
 * Which copy it is, the links of the attachments say; nothing is asked for that. A text whose picture has no copy yet waits for it.
 */

import {
  broughtParts,
  type Connection,
  type NamedFile,
  type PartsResult,
  type PicturesInTexts,
  type ShownAttachment,
} from '../../connectors/connector';
import { type Form, pictureLink, pictureName, picturesOf } from '../../merge/mentions';
import type { IntegrationConfig } from '../../model/config';
import {
  DELETED_VERSION,
  type Entity,
  type EntityId,
  type EntityRef,
  type EntityTypeId,
  type Side,
} from '../../model/entity';
import { atSide, otherSide } from '../../model/sides';
import type { Fields, RichText } from '../../model/values';
import type { EventQueue, Link, Links } from '../../store/store';
import { asked } from '../asked';
import { isFileType, partTypes, writeScope } from '../routing';

/** What the store says of attachments. */
export type AttachmentLinks = Pick<Links, 'partLinks'> & Partial<Pick<EventQueue, 'sequence'>>;

export interface PictureInput {
  /** without it, nothing has a copy */
  store?: AttachmentLinks;
  /** of the source */
  side: Side;
  source: PicturesInTexts | undefined;
  target: PicturesInTexts | undefined;
  targetName: string;
  /** true for the type of a side's attachments */
  isFile(side: Side, type: EntityTypeId): boolean;
  /** what an item of the source has now, the oldest first; undefined if it does not show that. @throws SyncError */
  attachments?(owner: EntityRef): Promise<NamedFile[] | undefined>;
}

/** What of an entity's pictures has no copy yet. */
export interface AwaitedPictures {
  names: EntityId[];
  /** the sequence before it was looked for */
  since: number;
}

/** Of one item; the newest are not found beyond that. */
const MOST_ATTACHMENTS = 2_000;

/** An attachment is awaited by this: what it is to be is not known before it has been read. */
const awaitedAs = (owner: EntityId, name: string | undefined): EntityId =>
  name === undefined ? `any picture of ${owner}` : `picture ${name.toLowerCase().slice(0, 255)} of ${owner}`;

/** The names under which an end of an attachment's link is awaited. @param baseline of that end */
export function awaitedNames(owner: EntityId, { name }: Fields): EntityId[] {
  return [awaitedAs(owner, undefined), ...(typeof name === 'string' ? [awaitedAs(owner, name)] : [])];
}

interface Attachment {
  /** at the source, as it was when last in sync */
  file: { id: EntityId; name: string };
  copy: { id: EntityId; name: string };
  isDeleted: boolean;
}

/** How the pictures of one entity's texts are shown in the target. */
export class Pictures {
  private known: Promise<Attachment[]> | undefined;
  private present: Promise<NamedFile[] | undefined> | undefined;
  private since: number | undefined;
  readonly awaited = new Set<EntityId>();

  /**
   * @param owner the item whose attachments the entity's texts show
   * @param link number of the owner's link, if it has one
   */
  constructor(
    private readonly input: PictureInput,
    private readonly entity: Entity,
    private readonly link: number | undefined,
  ) {}

  /** What has no copy yet. */
  waits(): AwaitedPictures | undefined {
    return this.awaited.size > 0 ? { names: [...this.awaited], since: this.since ?? 0 } : undefined;
  }

  /**
   * Keyed by how the source's text names its pictures.
   * @param want the target's text
   * @param before the source's text when last in sync
   * @throws SyncError
   */
  async forms(text: RichText, want: RichText, before: RichText | undefined): Promise<Record<string, Form>> {
    const forms: Record<string, Form> = {};
    const { source } = this.input;
    if (!source || want.format === 'text') return forms;
    const old = new Map<string, number>();
    for (const { id, address, alt, count } of await picturesOf(text)) {
      const shown = source.shown(address, alt);
      if (!shown) continue;
      if (old.size === 0 && before) for (const one of await picturesOf(before)) old.set(one.id, one.count);
      const copy = await this.copyOf(shown, count > (old.get(id) ?? 0));
      const form = await this.formOf(shown, copy, alt, want);
      if (form) forms[id.toLowerCase()] = form;
    }
    return forms;
  }

  /** @param isNew somebody has put it into the text: it may be a newer one of the same name, which is not known yet */
  private async copyOf(shown: ShownAttachment, isNew: boolean): Promise<Attachment | undefined> {
    const { source, attachments } = this.input;
    const all = await this.attachments();
    const one = await asked(async () => (await among(shown, all, false)) ?? (await among(shown, all, true)));
    if (!one || !isNew || !source?.byName || !attachments) return one;
    this.present ??= asked(async () =>
      attachments(this.entity.owner ? { ...this.entity, ...this.entity.owner } : this.entity),
    );
    const present = await this.present;
    const newest = present && (await shown.among(present));
    return newest ? all.find(({ file }) => file.id === newest.id) : one;
  }

  private async formOf(
    shown: ShownAttachment,
    one: Attachment | undefined,
    alt: string | undefined,
    want: RichText,
  ): Promise<Form | undefined> {
    const { target, targetName } = this.input;
    const name = shown.name ?? alt ?? 'image';
    const link = pictureLink(want, name, originalOf(this.entity, shown));
    const address = one && (await asked(async () => target?.address(one.copy)));
    const own = address === undefined ? undefined : pictureName(want, address);
    if (address !== undefined && own !== undefined)
      return { name, own, picture: address, ...(link && { meanwhile: link.own }) };
    if (target && !one) this.awaited.add(awaitedAs(this.ownerId(), shown.name));
    const why =
      one || !target ? `${targetName} does not show such files in its texts` : `${targetName} has no copy of it`;
    return link && { ...link, name, why };
  }

  private ownerId(): EntityId {
    return this.entity.owner?.id ?? this.entity.id;
  }

  private attachments(): Promise<Attachment[]> {
    this.known ??= this.read();
    return this.known;
  }

  private async read(): Promise<Attachment[]> {
    const { store, side, isFile } = this.input;
    if (!store) return [];
    this.since = await store.sequence?.();
    if (this.link === undefined) return [];
    const links = await store.partLinks(this.link, MOST_ATTACHMENTS);
    return links.filter(({ ends }) => isFile(side, atSide(ends, side).ref.type)).flatMap((one) => copied(one, side));
  }
}

/** What items of a side have now. @param call makes a request */
export function attachmentsOf(
  config: IntegrationConfig,
  side: Side,
  call: (
    work: (connection: Pick<Connection, 'parts'>) => Promise<PartsResult | undefined>,
  ) => Promise<PartsResult | undefined>,
): NonNullable<PictureInput['attachments']> {
  return async ({ id, type }) => {
    const types = partTypes(config, side, type).filter((one) => isFileType(config, side, one));
    if (types.length === 0) return undefined;
    const scope = writeScope(config, side);
    const found = broughtParts(await call(async (connection) => (await connection.parts?.(scope, [id], types))?.[0]));
    if (found instanceof Error) throw found;
    return found?.flatMap((part) =>
      typeof part.fields.name === 'string' ? [{ id: part.id, name: part.fields.name }] : [],
    );
  };
}

/** @param isDeleted one that the source has no more: its copy may have been kept */
async function among(
  shown: ShownAttachment,
  all: readonly Attachment[],
  isDeleted: boolean,
): Promise<Attachment | undefined> {
  const some = all.filter((one) => one.isDeleted === isDeleted);
  if (some.length === 0) return undefined;
  const found = await shown.among(some.map(({ file }) => file));
  return found && some.find(({ file }) => file.id === found.id);
}

/** An attachment with its copy, unless the copy is gone, or a link to the file stands in its place. */
function copied({ ends }: Link, side: Side): Attachment[] {
  const [one, two] = [atSide(ends, side), atSide(ends, otherSide(side))];
  const [name, copy] = [one.baseline.name, two.baseline.name];
  if (two.version === DELETED_VERSION || typeof name !== 'string' || typeof copy !== 'string') return [];
  if (isText(name) !== isText(copy)) return [];
  const file = { id: one.ref.id, name };
  return [{ file, copy: { id: two.ref.id, name: copy }, isDeleted: one.version === DELETED_VERSION }];
}

/** What browsers may show. */
export const isPictureName = (name: string): boolean => /\.(?:png|gif|jpe?g|jpe|webp|bmp|svg|avif|tiff?)$/i.test(name);

/** A file that the target does not take is there as a text file. */
const isText = (name: string): boolean => /\.txt$/i.test(name);

/** Where people find the original: at its own address, else at the item that has it. */
function originalOf({ url = '' }: EntityRef, shown: ShownAttachment): string {
  if (shown.url !== undefined) return shown.url.replace(/[()'*!~[\]{}|\\^`"<>\s]/g, encoded);
  const name = encodeURIComponent((shown.name ?? 'image').slice(0, 120)).replace(/[()'*!~]/g, encoded);
  // pages that tell their items by the part behind `#` get the name before it
  const [page = '', item] = url.split('#', 2);
  return item === undefined ? `${page}#${name}` : `${page}${page.includes('?') ? '&' : '?'}picture=${name}#${item}`;
}

const encoded = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
