/**
 * Bytes of attachments (https://learn.microsoft.com/rest/api/azure/devops/wit/attachments). An upload is seen by nobody until a work item
 * gets a relation to it; one that never gets one does no harm. Its bytes stay where they are when the relation is removed.
 */

import type { FileContent, OpenedFile } from '../../../model/content';
import { contentFault } from '../../../model/content';
import { asSyncError, SyncError } from '../../../model/errors';
import { octets } from '../../http/bodies';
import type { AzureDevOpsApi } from '../api';
import { isJson, textOf } from '../shapes';

/** "On accounts with higher attachment upload limits (>130MB), you will need to use chunked upload." */
const MOST_AT_ONCE = 130 * 1000 * 1000;
const CHUNK = 40 * 1000 * 1000;
const PATH = '_apis/wit/attachments';

export class AttachmentRequests {
  /** @param sizes in bytes: of the largest file that is sent in one request, and of a chunk of a larger one */
  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly sizes = { atOnce: MOST_AT_ONCE, chunk: CHUNK },
  ) {}

  /** @param size undefined: as the service announces it. @throws SyncError as Transfer.download */
  open(upload: string, name: string, size: number | undefined): Promise<OpenedFile> {
    const query = { fileName: name, download: true, 'api-version': this.api.version };
    return this.api.rest.download(`${PATH}/${upload}`, { query, name, ...(size !== undefined && { size }) });
  }

  /** The size of a file, by the beginning of a download; undefined: it is not said. @throws SyncError */
  async sizeOf(upload: string, name: string): Promise<number | undefined> {
    try {
      const { size, close } = await this.open(upload, name, undefined);
      close();
      return size;
    } catch (thrown) {
      const { kind } = asSyncError(thrown);
      if (kind === 'auth' || kind === 'rateLimited') throw thrown;
      return undefined;
    }
  }

  /** Sends a file, and says which upload it is. @throws SyncError; nobody sees what has failed */
  async upload(content: FileContent): Promise<string> {
    const { name, size } = content;
    if (size > this.sizes.atOnce) return this.inChunks(content);
    const query = { fileName: name, uploadType: 'simple', 'api-version': this.api.version };
    const { body } = await this.api.rest.upload('POST', PATH, octets(content), { query, idempotent: true });
    return this.idIn(body);
  }

  /** One after the other, from one stream: what breaks off is begun again as a whole. */
  private async inChunks(content: FileContent): Promise<string> {
    const { name, size } = content;
    const start = { fileName: name, uploadType: 'chunked', 'api-version': this.api.version };
    const nothing = octets({ name, size: 0, open: async () => ({ size: 0, bytes: none(), close: () => undefined }) });
    const { body } = await this.api.rest.upload('POST', PATH, nothing, { query: start, idempotent: true });
    const upload = this.idIn(body);
    const file = await content.open().catch((thrown: unknown) => Promise.reject(contentFault(thrown)));
    try {
      if (file.size !== size)
        throw contentFault(new SyncError('transient', `The file has ${file.size} bytes, not ${size}`));
      const source = new Chunks(file.bytes);
      const { chunk } = this.sizes;
      for (let at = 0; at < size; at += chunk) {
        const length = Math.min(chunk, size - at);
        const open = async () => ({ size: length, bytes: source.next(length), close: () => undefined });
        const query = { fileName: name, 'api-version': this.api.version };
        const headers = { 'Content-Range': `bytes ${at}-${at + length - 1}/${size}` };
        await this.api.rest.upload('PUT', `${PATH}/${upload}`, octets({ name, size: length, open }), {
          query,
          headers,
        });
      }
      await source.end();
    } finally {
      file.close();
    }
    return upload;
  }

  private idIn(body: unknown): string {
    const id = isJson(body) ? textOf(body.id)?.toLowerCase() : undefined;
    if (id !== undefined) return id;
    throw this.api.rest.notTheApi(`POST ${PATH}`);
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** Cuts a stream. */
class Chunks {
  private readonly parts: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array();

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.parts = bytes[Symbol.asyncIterator]();
  }

  async *next(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.rest.length === 0 && !(await this.more())) return;
      const part = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  /** @throws SyncError marked `content` – there are more bytes */
  async end(): Promise<void> {
    if (this.rest.length === 0 && !(await this.more())) return;
    throw contentFault(new SyncError('transient', 'The file has more bytes than were announced'));
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.parts.next();
      if (done) return false;
      this.rest = value;
      if (value.length > 0) return true;
    }
  }
}
