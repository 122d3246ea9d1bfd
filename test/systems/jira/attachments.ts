/**
 * Attachments as the stand-in takes and gives them: forms with the header against forgery, one part named `file` for each, the size
 * and characters that are allowed; bytes from Jira itself where no redirect is asked for, else from a signed address on another
 * host, which takes no credentials (Cloud); by a page of Jira's own (Data Center).
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/
 */

import type { FileStore, StoredFile } from '../files';
import { BadForm, boundaryOf, readForm } from '../form';
import type { Answer } from './answer';
import type { Attachment, Issue } from './issue';
import { type Call, failure, type Routes } from './routes';
import type { Person } from './seed';
import { showAttachment, showAttachmentAlone } from './views';

/** Files of one request. */
const MOST_AT_ONCE = 60;
/** Those that no file on Windows can have: FileNameCharacterCheckerUtil of Jira's own source. */
const NOT_IN_NAMES = /[\\/:*?"<>|]/;

/** A file of a form, as it came. */
interface Received {
  name: string;
  mediaType: string | undefined;
  stored: StoredFile;
}

const NO_ATTACHMENT = (id: string) => failure(404, [`The attachment with id '${id}' does not exist.`]);
/** Not in the format of other errors. */
const plain = (status: number, body: string): Answer => ({ status, body, headers: { 'Content-Type': 'text/plain' } });
const page = (status: number, title: string): Answer => ({
  status,
  body: `<!DOCTYPE html><html><head><title>${title}</title></head><body></body></html>`,
  headers: { 'Content-Type': 'text/html;charset=UTF-8' },
});

const UPLOAD = /^\/issue\/([^/]+)\/attachments$/;
export const UPLOAD_TEMPLATE = '/issue/{issueIdOrKey}/attachments';

export const isUpload = (method: string, path: string): boolean => method === 'POST' && UPLOAD.test(path);

export class Attachments {
  private readonly signed = new Map<string, Attachment>();

  constructor(
    private readonly routes: Routes,
    private readonly files: FileStore,
    /** address of the host that has the bytes */
    private readonly media: () => string,
  ) {
    const { site, faults } = routes;
    routes.on('GET', '/attachment/meta', () => ({
      status: 200,
      body: {
        enabled: faults.attachmentsEnabled,
        ...(faults.attachmentsEnabled && { uploadLimit: faults.uploadLimit }),
      },
    }));
    routes.on('GET', '/attachment/{id}', (call, [id = '']) =>
      this.with(call.viewer, id, (attachment) => ({
        status: 200,
        body: showAttachmentAlone(site, attachment, call.viewer),
      })),
    );
    routes.on('DELETE', '/attachment/{id}', (call, [id = '']) =>
      this.with(call.viewer, id, (attachment, issue) => {
        const own = attachment.by === call.viewer.login ? ['DELETE_OWN_ATTACHMENTS'] : [];
        if (!this.may(call, 'DELETE_ALL_ATTACHMENTS', ...own))
          return failure(403, [`You do not have permission to delete attachment with id: ${id}`]);
        site.detach(call.viewer, issue, attachment);
        return { status: 204 };
      }),
    );
    if (site.isCloud)
      routes.on('GET', '/attachment/content/{id}', (call, [id = '']) =>
        this.with(call.viewer, id, (attachment) => this.content(call, attachment)),
      );
  }

  /** The page of Data Center that gives out bytes: /secure/attachment/{id}/{name} */
  download(path: string, viewer: Person | undefined, byToken: boolean): Answer | undefined {
    const { site, faults } = this.routes;
    const id = site.isCloud ? undefined : /^\/secure\/attachment\/(\d+)\/[^/]+$/.exec(path)?.[1];
    if (id === undefined) return undefined;
    // https://github.com/sooperset/mcp-atlassian/issues/1634
    if (!viewer || (byToken && faults.tokensGetNoFiles))
      return { status: 302, headers: { Location: `/login.jsp?os_destination=${encodeURIComponent(path)}` } };
    const found = site.findAttachment(id);
    if (!found || !site.sees(viewer, found.issue)) return page(404, "Oops, you've found a dead link.");
    return this.bytesOf(found.attachment);
  }

  /** @param path below /rest/api/3 or /rest/api/2 */
  async upload(
    { path, viewer }: Pick<Call, 'path' | 'viewer'>,
    headers: Record<string, string | undefined>,
    body: AsyncIterable<Buffer>,
  ): Promise<Answer> {
    const answer = await this.uploaded(path, viewer, headers, body);
    // what is left of a refused one
    for await (const _part of body);
    return { template: UPLOAD_TEMPLATE, ...answer };
  }

  private async uploaded(
    path: string,
    viewer: Person,
    headers: Record<string, string | undefined>,
    body: AsyncIterable<Buffer>,
  ): Promise<Answer> {
    const { site, faults } = this.routes;
    const id = decodeURIComponent(UPLOAD.exec(path)?.[1] ?? '');
    const boundary = boundaryOf(headers['content-type']);
    if (boundary === undefined) return failure(415, ['Unsupported media type']);
    if (!/^no-?check$/.test(headers['x-atlassian-token'] ?? ''))
      return plain(site.isCloud ? 403 : 404, 'XSRF check failed');
    const issue = site.find(id);
    if (!issue || !site.sees(viewer, issue))
      return failure(404, ['Issue does not exist or you do not have permission to see it.']);
    if (!faults.attachmentsEnabled) return disabled;
    if (!this.may({ viewer }, 'CREATE_ATTACHMENTS'))
      return failure(403, ['You do not have permission to create attachments for this issue.']);
    const paused = this.routes.paced(issue);
    if (paused) return paused;
    const received: Received[] = [];
    let broken = false;
    try {
      await readForm(body, boundary, async (part) => {
        // RFC 2231: https://github.com/pycontribs/jira/issues/223
        if (/filename\*=/i.test(part.disposition)) broken = true;
        // others are passed over
        if (part.name !== 'file' || part.filename === undefined) return;
        const stored = await this.files.receive(part.bytes, faults.uploadLimit);
        received.push({ name: part.filename, mediaType: part.mediaType, stored });
      });
    } catch (thrown) {
      if (!(thrown instanceof BadForm)) throw thrown;
      return failure(400, [`The form cannot be read: ${thrown.message}`]);
    }
    if (broken) return { status: 500, body: '' };
    return this.refused(issue, received) ?? this.attached(viewer, issue, received);
  }

  private refused(issue: Issue, received: Received[]): Answer | undefined {
    const { site, faults } = this.routes;
    if (received.some(({ stored }) => stored.size > faults.uploadLimit)) {
      const words = `The field file exceeds its maximum permitted size of ${faults.uploadLimit} bytes.`;
      // https://github.com/bobcarroll/jira-client/issues/119
      return site.isCloud ? failure(413, [words]) : plain(404, words);
    }
    if (received.length > MOST_AT_ONCE || issue.attachments.length + received.length > faults.mostAttachments)
      return failure(413, ['The number of attachments has exceeded the limit.']);
    const named = received.find(({ name }) => NOT_IN_NAMES.test(name) || name.length > 255 || name === '');
    if (named) return failure(400, [`Attachment "${named.name}" was not created: its name is not valid.`]);
    const empty = received.find(({ stored }) => stored.size === 0);
    if (empty && faults.takesNoEmpty) return failure(400, [`Cannot attach file ${empty.name} as it is empty.`]);
    return undefined;
  }

  private attached(viewer: Person, issue: Issue, received: Received[]): Answer {
    const { site } = this.routes;
    const made = received.map(({ name, mediaType, stored }) => site.attach(viewer, issue, name, stored, mediaType));
    return { status: 200, body: made.map((one) => showAttachment(site, one, viewer)) };
  }

  private content({ query }: Call, attachment: Attachment): Answer {
    const { faults } = this.routes;
    if (query.get('redirect') === 'false' && !faults.alwaysRedirects) return this.bytesOf(attachment);
    const signature = `${attachment.id}-${this.signed.size}`;
    this.signed.set(signature, attachment);
    const Location = `${this.media()}/file/${mediaId(attachment.id)}/binary?token=${signature}&name=${encodeURIComponent(attachment.name)}`;
    return { status: 303, headers: { Location } };
  }

  /** What the other host answers: it refuses requests that bring credentials of their own, as stores of signed addresses do. */
  signedContent(url: URL, headers: Record<string, string | string[] | undefined>): Answer {
    const attachment = this.signed.get(url.searchParams.get('token') ?? '');
    const own = ['authorization', 'cookie', 'x-atlassian-token'].filter((name) => headers[name] !== undefined);
    if (own.length > 0) return plain(400, `Only one auth mechanism allowed, not ${own.join(', ')} as well`);
    return attachment ? this.bytesOf(attachment) : plain(403, 'The token is not valid');
  }

  private bytesOf({ name, mediaType, stored }: Attachment): Answer {
    return {
      status: 200,
      file: stored,
      headers: {
        'Content-Type': mediaType,
        'Content-Length': String(stored.size),
        'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      },
    };
  }

  private with(viewer: Person, id: string, work: (attachment: Attachment, issue: Issue) => Answer): Answer {
    const { site, faults } = this.routes;
    const found = faults.attachmentsEnabled ? site.findAttachment(id) : undefined;
    return found && site.sees(viewer, found.issue) ? work(found.attachment, found.issue) : NO_ATTACHMENT(id);
  }

  private may({ viewer }: Pick<Call, 'viewer'>, ...keys: string[]): boolean {
    const withheld = this.routes.options.withheld[viewer.login] ?? [];
    return keys.some((key) => !withheld.includes(key));
  }
}

const disabled = failure(403, ['Attachments are disabled.']);

/** The id of an attachment's file in the media store, as documents name it. */
export const mediaId = (attachment: string): string => `5f1e0000-0000-4000-8000-${attachment.padStart(12, '0')}`;
