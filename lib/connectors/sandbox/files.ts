/**
 * The bytes of attachments, kept in the sandbox's database in parts. They are received before the attachment is written, and
 * become its own in the same transaction: nobody ever sees half a file.
 */

import { contentFault, type FileContent, type OpenedFile, sizeProblem } from '../../model/content';
import { SyncError } from '../../model/errors';
import { guarded, type SandboxDatabase } from './database';
import type { SharedSpace } from './shared-space';

/** Node-RED stands still while a part is stored: a millisecond. */
const PART_BYTES = 256 * 1024;

/** A file that has been received and belongs to nobody yet. */
export interface Staged {
  file: number;
  size: number;
  mediaType: string | null;
}

export class SpaceFiles {
  constructor(
    private readonly database: SandboxDatabase,
    private readonly space: number,
    private readonly shared: SharedSpace,
  ) {}

  /** Receives a file. @throws SyncError – invalid: it is too large, or has no proper name; or as the content's own, marked so */
  async stage(content: FileContent): Promise<Staged> {
    const { name, size, mediaType } = content;
    const problem = sizeProblem(size, this.shared.switches.fileRules);
    if (problem) throw new SyncError('invalid', `"${name}" was refused: ${problem}.`, { fields: { size: problem } });
    const opened = await content.open().catch((thrown: unknown) => {
      throw contentFault(thrown);
    });
    const { statements } = this.database;
    const file = this.database.write(() => statements.addFile(this.space, Date.now()));
    try {
      let number = 0;
      let received = 0;
      for await (const part of inParts(opened)) {
        received += part.length;
        this.database.write(() => statements.addFilePart(file, number++, part));
      }
      if (received !== size) {
        throw contentFault(new SyncError('transient', `"${name}" has ${received} bytes in place of ${size}.`));
      }
      return { file, size, mediaType: mediaType ?? opened.mediaType ?? null };
    } catch (thrown) {
      this.drop(file);
      throw thrown;
    } finally {
      opened.close();
    }
  }

  /** Forgets what was received and is not wanted. */
  drop(file: number): void {
    this.database.write(() => this.database.statements.removeFile(file));
  }

  /** Forgets what was received, unless it has become an attachment's: its answer may have been lost. */
  dropUnused(file: number): void {
    this.database.write(() => this.database.statements.removeUnused(file));
  }

  /** The file of an attachment; undefined where there is none. */
  open(attachment: string, size: number, mediaType: string | undefined): OpenedFile | undefined {
    const { statements } = this.database;
    const file = guarded(() => statements.fileOf(this.space, Number(attachment)));
    if (file === undefined && size > 0) return undefined;
    const lost = this.shared.switches.brokenFiles.get(attachment);
    if (lost instanceof SyncError) throw lost;
    const end = lost === undefined ? size : Math.min(size, lost);
    let isClosed = false;
    async function* bytes(): AsyncGenerator<Uint8Array> {
      let left = end;
      for (let number = 0; left > 0; number++) {
        const stored = file === undefined || isClosed ? undefined : guarded(() => statements.filePart(file, number));
        if (!stored) throw new SyncError('transient', `The file of ${attachment} is gone, or its reading has ended.`);
        const part = stored.length > left ? stored.subarray(0, left) : stored;
        left -= part.length;
        yield part;
      }
      if (end < size) throw new SyncError('transient', `Only ${end} of ${size} bytes of ${attachment} have come.`);
    }
    const close = () => {
      isClosed = true;
    };
    return { size, ...(mediaType !== undefined && { mediaType }), bytes: bytes(), close };
  }
}

/** The bytes in parts of one size, but for the last. @throws SyncError marked `content` */
async function* inParts({ bytes }: OpenedFile): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of bytes) {
      for (let from = 0; from < part.length; ) {
        const some = part.subarray(from, from + PART_BYTES - length);
        held.push(some);
        length += some.length;
        from += some.length;
        if (length < PART_BYTES) continue;
        yield Buffer.concat(held);
        held = [];
        length = 0;
      }
    }
  } catch (thrown) {
    throw contentFault(thrown);
  }
  if (length > 0) yield Buffer.concat(held);
}
