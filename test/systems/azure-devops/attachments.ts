/**
 * Uploads as the service takes and gives them: octets of a limited size, or in chunks that follow each other. Nothing of them is seen
 * until a work item has a relation to them; and they stay when the relation goes.
 * https://learn.microsoft.com/rest/api/azure/devops/wit/attachments
 */

import { randomUUID } from 'node:crypto';
import type { FileStore, StoredFile } from '../files';
import { ApiError } from './answer';
import { bad, type Core, time } from './core';
import { checkComment } from './links';
import type { Item, Relation, Upload } from './state';

/** An answer that is a file. */
export class FileAnswer {
  constructor(readonly upload: Upload) {}
}

const PATH = /^(?:\/[^/]+)?\/_apis\/wit\/attachments(?:\/([^/]+))?$/i;
const FOR_EVER = '9999-01-01T00:00:00Z';

export const isUpload = (method: string, path: string): boolean => /^(POST|PUT)$/.test(method) && PATH.test(path);

export class Attachments {
  private links = 4_000_000;

  constructor(
    private readonly core: Core,
    readonly files: FileStore,
  ) {}

  /** Bytes as they come, before anything else is looked at. */
  receive(bytes: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    // a chunk more than is allowed is enough to tell
    return this.files.receive(bytes, Math.max(this.core.faults.mostAttachmentBytes, 1) + 1);
  }

  create(query: URLSearchParams, contentType: string | undefined, stored: StoredFile) {
    const isChunked = this.typeOf(query) === 'chunked';
    octets(contentType, isChunked);
    const name = nameOf(query.get('fileName'));
    const { faults } = this.core;
    if (!isChunked) {
      this.checkSize(stored.size);
      if (stored.size === 0 && faults.takesNoEmpty)
        throw bad('TF237079: The file is empty.', 'AttachmentEmptyException');
    } else if (stored.size > 0) throw bad('An upload in chunks begins without content.');
    const id = randomUUID();
    this.core.state.attachments.set(id, { name, stored, isChunked });
    return this.reference(id, name);
  }

  async append(id: string, contentType: string | undefined, range: string | undefined, chunk: StoredFile) {
    octets(contentType, false);
    const upload = this.core.state.attachments.get(id.toLowerCase());
    if (!upload?.isChunked) throw gone(id);
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
    if (first === undefined) throw bad(`The Content-Range "${range}" cannot be read.`);
    const isNext = Number(first) === upload.stored.size && (upload.total ?? Number(total)) === Number(total);
    if (!isNext || chunk.size !== Number(last) - Number(first) + 1) throw bad(`The chunk "${range}" does not follow.`);
    this.checkSize(Number(total));
    upload.stored = await this.files.append(upload.stored, this.files.stream(chunk));
    upload.total = Number(total);
    return this.reference(id.toLowerCase(), upload.name);
  }

  get(id: string): FileAnswer {
    const upload = this.core.state.attachments.get(id.toLowerCase());
    if (upload && isWhole(upload)) return new FileAnswer(upload);
    throw gone(id);
  }

  private typeOf(query: URLSearchParams): string {
    const type = (query.get('uploadType') ?? 'simple').toLowerCase();
    if (type !== 'simple' && type !== 'chunked') throw bad(`${type} is no upload type.`);
    return type;
  }

  private checkSize(size: number): void {
    const most = this.core.faults.mostAttachmentBytes;
    if (size <= most) return;
    const megabytes = (most / 1024 / 1024).toFixed(3);
    // https://github.com/solidify/jira-azuredevops-migrator/pull/705
    const words = `TF237082: The file you are trying to upload exceeds the supported file upload size (${megabytes} MB(s)). Instead of uploading the file, add the file to version control or to the team project web site, and then link the file to the work item.`;
    throw bad(words, 'FileAttachmentException');
  }

  private reference(id: string, name: string) {
    return { id, url: `${this.core.base()}/_apis/wit/attachments/${id}?fileName=${encodeURIComponent(name)}` };
  }

  /**
   * The relation as it is stored: with a number, times and a size. Without a size there is 0, and so there is without a comment
   * (https://github.com/MicrosoftDocs/azure-devops-docs/issues/2607, https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/338).
   * @throws ApiError
   */
  attached({ rel, url, attributes }: Relation, item: Item, now: number): Relation {
    const id =
      PATH.exec(new URL(url, this.core.base()).pathname.replace(/^\/[^/]+(?=\/.*_apis)/, ''))?.[1]?.toLowerCase() ?? '';
    const upload = this.core.state.attachments.get(id);
    if (!upload || !isWhole(upload))
      throw bad(`TF237090: The attachment ${url} does not exist.`, 'FileAttachmentException');
    const others = item.relations.filter((one) => one.rel === rel);
    const most = this.core.faults.mostAttachments;
    if (others.length >= most) {
      const words = `VS403313: The number of attachments exceeded the limit. One work item should contain no more than ${most} attachments.`;
      throw bad(words, 'WorkItemAttachmentLimitExceededException');
    }
    const { comment, name, resourceSize } = attributes;
    checkComment(comment);
    const at = time(now);
    return {
      ...{ rel, url: this.reference(id, upload.name).url },
      attributes: {
        ...{
          authorizedDate: at,
          id: ++this.links,
          resourceCreatedDate: at,
          resourceModifiedDate: at,
          revisedDate: FOR_EVER,
        },
        resourceSize: comment === undefined ? 0 : Number(resourceSize ?? 0),
        ...(comment !== undefined && { comment: String(comment) }),
        name: typeof name === 'string' && name !== '' ? nameOf(name) : upload.name,
      },
    };
  }
}

const isWhole = ({ isChunked, total, stored }: Upload): boolean => !isChunked || total === stored.size;

const gone = (id: string) =>
  new ApiError(404, 'AttachmentNotFoundException', `TF401351: The attachment ${id} does not exist.`);

/** @throws ApiError – a path, or what cannot be stored */
function nameOf(name: string | null): string {
  if (name === null || name === '') return 'attachment';
  if (/[\\/:*?"<>|\p{Cc}]/u.test(name) || name.length > 255)
    throw bad(`TF237120: The file name ${name} is not valid.`, 'FileAttachmentException');
  return name;
}

/** @param mayLack nothing is sent. @throws ApiError 415. Real words: https://github.com/microsoft/vsts-work-item-migrator/pull/76 */
function octets(contentType: string | undefined, mayLack: boolean): void {
  const type = contentType?.split(';')[0];
  if (type === 'application/octet-stream' || (mayLack && /^application\/(json|json-patch\+json)$/.test(type ?? '')))
    return;
  throw new ApiError(
    415,
    'VssRequestContentTypeNotSupportedException',
    `VS403415: The request indicated a Content-Type of "${contentType}" for method type "POST" which is not supported. Valid content types for this method are: application/json, application/json-patch+json, application/octet-stream.`,
  );
}
