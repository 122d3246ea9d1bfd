/**
 * Attachments on their way: what the target takes of them, and their bytes, which go from the source's connection to the
 * target's without ever being whole in memory. What was carried is known by its SHA-256 afterwards.
 */

import { createHash } from 'node:crypto';
import type { FileRules } from '../connectors/connector';
import type { IntegrationConfig } from '../model/config';
import { contentFault, DIGEST, type FileContent, fileName, type OpenedFile, sizeProblem } from '../model/content';
import type { Entity, EntityId, EntityRef, ProjectId, Side } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { Fields } from '../model/values';
import type { Link } from '../store/store';
import { partPair } from './routing';
import type { System } from './system';

export const isFile = (config: IntegrationConfig, side: Side, entity: EntityRef): boolean =>
  partPair(config, side, entity)?.role === 'attachment';

/** What a system takes of files is asked for again after this time. */
const RULES_MS = 10 * 60_000;

export class KnownFileRules {
  private readonly known = new Map<ProjectId, { at: number; rules: Promise<FileRules> }>();

  constructor(
    private readonly system: System,
    private readonly now: () => number,
  ) {}

  /** @throws SyncError – the system can't be asked */
  of(project: ProjectId): Promise<FileRules> {
    const known = this.known.get(project);
    if (known && this.now() < known.at + RULES_MS) return known.rules;
    const rules = this.system.call(async (connection) => (await connection.fileRules?.(project)) ?? {});
    this.known.set(project, { at: this.now(), rules });
    rules.catch(() => this.known.delete(project));
    return rules;
  }
}

export const sizeOf = ({ fields }: Pick<Entity, 'fields'>): number | undefined =>
  typeof fields.size === 'number' && Number.isSafeInteger(fields.size) && fields.size >= 0 ? fields.size : undefined;

/**
 * The message with a name that the target takes, and why it does not take the file, if it does not.
 * @param entity as it was read: nodes on the way may have changed the message's
 */
export function fitted(
  message: SyncMessage,
  entity: Entity,
  rules: FileRules,
): { message: SyncMessage; problem?: string } {
  const size = sizeOf(entity);
  const problem = size === undefined ? 'its source does not say how large it is' : sizeProblem(size, rules);
  const { name } = message.payload;
  const fit = typeof name === 'string' ? fileName(name, rules) : name;
  const named =
    fit === name || fit === undefined ? message : { ...message, payload: { ...message.payload, name: fit } };
  return { message: named, ...(problem !== undefined && { problem }) };
}

/** A small text file with a link to the original, in the place of a file that the target does not take. */
export interface FileLink {
  readonly name: string;
  readonly text: string;
}

/**
 * Says nothing of the reason, which may be another one at the next attempt: what that attempt makes must be recognized.
 * @param entity the file in its source
 */
export function linkTo({ key, url, fields }: Entity, rules: FileRules): FileLink {
  const size = sizeOf({ fields });
  const name = typeof fields.name === 'string' && fields.name !== '' ? fields.name : 'file';
  const large = size === undefined ? '' : ` (${size} bytes)`;
  return {
    name: fileName(`${name}.txt`, rules),
    text: `${name}${large} was not copied to this system.\n\nThe original: ${url ?? key}\n`,
  };
}

const bytesOf = ({ text }: FileLink): Uint8Array => new TextEncoder().encode(text);

export const linkSize = (link: FileLink): number => bytesOf(link).length;

/** The bytes of a link. */
export function linkContent(link: FileLink): FileContent {
  const bytes = bytesOf(link);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const open = async (): Promise<OpenedFile> => ({ size: bytes.length, bytes: all(), close: () => undefined });
  return { name: link.name, size: bytes.length, mediaType: 'text/plain', open };
}

/** One end of this link of two files is a link to the other one: by what their names were when last in sync. */
export function isFileLink({ ends }: Pick<Link, 'ends'>, rules: FileRules): boolean {
  const [one, two] = ends.map(({ baseline }) => baseline);
  if (!one || !two || DIGEST in one || DIGEST in two) return false;
  const isFor = (original: Fields, copy: Fields): boolean =>
    typeof original.name === 'string' && copy.name === fileName(`${original.name}.txt`, rules);
  return isFor(one, two) || isFor(two, one);
}

/** The message without the file's name: a link to a file has a name of its own. */
export function withoutName(message: SyncMessage): SyncMessage {
  const { name: _name, ...payload } = message.payload;
  const { name: _row, ...mapped } = message.sync.mapped ?? {};
  return { ...message, payload, sync: { ...message.sync, mapped } };
}

/** A file that is carried, and what has been seen of it. */
export interface Carried extends FileContent {
  /** of the bytes that were read last; undefined until all of them have been */
  digest: string | undefined;
}

/**
 * @param name as it is written
 * @param isEnding nobody waits for it any more: reading ends
 */
export function carried(source: System, entity: Entity, name: string, isEnding: () => boolean): Carried {
  const { mediaType } = entity.fields;
  const file: Carried = {
    ...{ name, size: sizeOf(entity) ?? 0, digest: undefined },
    ...(typeof mediaType === 'string' && mediaType !== '' && { mediaType }),
    async open() {
      file.digest = undefined;
      const opened = await openAt(source, entity.id);
      const bytes = hashed(opened, isEnding, (digest) => {
        file.digest = digest;
      });
      return { ...opened, bytes, close: () => opened.close() };
    },
  };
  return file;
}

/** @throws SyncError marked `content`: it is the source's failure */
async function openAt(system: System, id: EntityId): Promise<OpenedFile> {
  const connection = system.connection();
  if (!connection.open) throw contentFault(new SyncError('forbidden', `${system.name} does not give out files`));
  try {
    return await connection.open(id);
  } catch (thrown) {
    throw contentFault(thrown);
  }
}

async function* hashed(
  { bytes, size }: OpenedFile,
  isEnding: () => boolean,
  done: (digest: string) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let read = 0;
  try {
    for await (const part of bytes) {
      if (isEnding()) throw new SyncError('transient', 'The writer is being stopped: the file is sent again');
      hash.update(part);
      read += part.length;
      // who takes the last part may not ask for another one
      if (read === size) done(hash.copy().digest('hex'));
      yield part;
    }
    if (size === 0) done(hash.digest('hex'));
  } catch (thrown) {
    throw contentFault(thrown);
  }
}

/** The SHA-256 of a file. @throws SyncError marked `content` */
export async function digestAt(system: System, id: EntityId): Promise<string> {
  const hash = createHash('sha256');
  const file = await openAt(system, id);
  try {
    for await (const part of file.bytes) hash.update(part);
  } catch (thrown) {
    throw contentFault(thrown);
  } finally {
    file.close();
  }
  return hash.digest('hex');
}

/**
 * The one of these that is a copy of a file of the source. Names and sizes are equal: what tells is what stands in them, since
 * a picture that is pasted twice has one name and may well have one size.
 * @param link what was made in place of the file
 * @throws SyncError – one of them can't be read, so that it may be the one
 */
export async function copyAmong(
  source: System,
  file: EntityId,
  target: System,
  found: readonly Entity[],
  link?: FileLink,
): Promise<Entity | undefined> {
  if (found.length === 0) return undefined;
  const wanted = link ? createHash('sha256').update(bytesOf(link)).digest('hex') : await digestAt(source, file);
  for (const one of found) if ((await digestAt(target, one.id)) === wanted) return one;
  return undefined;
}
