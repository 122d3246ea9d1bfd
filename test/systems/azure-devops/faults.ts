/** What can go wrong with the service, each with a switch. A test turns one on, and off again. */

import type { PatchOperation } from './patch';

/** How the service, or a gateway before it, shows that it does not know a token. */
export type SignIn = 'page' | '401' | '401-html' | 'redirect';

export type Right =
  | 'identities'
  | 'write'
  | 'batch'
  | 'recyclebin'
  | 'reporting'
  | 'bypass'
  | 'suppress'
  | 'nodes'
  | 'comments'
  | 'tags';

export class Faults {
  /** set: no token is known any more, or none of this person's, and this is how it is said */
  credentialsDead: SignIn | undefined;
  deadFor: string | undefined;
  /** ids of work items with which every request that names them is answered 500 */
  readonly broken = new Set<number>();
  /**
   * A write whose title holds the text is answered with the status: alone; within a batch its `element` is, or the `whole`
   * batch, of which then nothing is carried out.
   */
  poison: { title: string; status: number; within: 'element' | 'whole' } | undefined;
  /** `$batch` is refused as a whole, with this status: the account, or a gateway, does not let it through */
  batchRefused: number | undefined;
  /** ids of work items that the account may not see: its permission for their area was taken away */
  readonly hidden = new Set<number>();
  /** the feed of revisions speaks of hidden ones all the same */
  feedShowsHidden = false;
  /** ids that the answer of a batch read lacks altogether, without a hole */
  readonly leftOut = new Set<number>();
  /** pages of the feed that come empty, though there is more */
  emptyPages = 0;
  /** the feed says that there is more, and gives the same token again */
  sameToken = false;
  /** paths that a proxy answers with its own page: 404 and HTML */
  lost: RegExp | undefined;
  /** revisions that a work item may have by REST */
  mostRevisions = 10_000;
  /** the server is too old for comments of their own */
  commentsMissing = false;
  /** edits and deletions of comments are revisions, as the description has it; here they are not */
  commentsAreSilent = false;
  /** only who wrote a comment may change it or delete it */
  authorsOnly = false;
  /** a link makes a revision at its other end, too; else only at the end where it was edited */
  linksMoveBothEnds = false;
  /** answers to writes do not show relations, whatever was asked for */
  answersWithoutRelations = false;
  /** bytes of one file: 60 MB on Services, set by administrators on a server */
  mostAttachmentBytes = 60 * 1024 * 1024;
  /** attachments of one work item */
  mostAttachments = 100;
  /** empty files are refused; whether the service does so is not said anywhere */
  takesNoEmpty = false;
  /** downloads are sent without their length */
  filesWithoutLength = false;
  /** what is answered in place of a file, by the id of its upload */
  readonly spoilt = new Map<string, { status: number; headers: Record<string, string>; body: string }>();
  /** what the token or the account may not do */
  readonly lacking = new Set<Right>();

  /** Whether a request names a work item that breaks the service. */
  breaks(path: string, query: URLSearchParams, body: unknown): boolean {
    if (this.broken.size === 0) return false;
    const inPath = /\/(?:workitems|recyclebin)\/(\d+)/i.exec(path)?.[1];
    const inBody =
      typeof body === 'object' && body !== null && 'ids' in body && Array.isArray(body.ids) ? body.ids : [];
    const inBatch = Array.isArray(body)
      ? body.map((one: unknown) => (typeof one === 'object' && one !== null && 'uri' in one ? String(one.uri) : ''))
      : [];
    const inUris = inBatch.map((uri) => /\/workitems\/(\d+)/i.exec(uri)?.[1]);
    const named = [inPath, ...(query.get('ids')?.split(',') ?? []), ...inBody, ...inUris];
    return named.some((id) => this.broken.has(Number(id)));
  }

  /** The status with which a write is answered that must not succeed. */
  poisoned(operations: readonly PatchOperation[], within: 'element' | 'whole' | 'alone'): number | undefined {
    const { poison } = this;
    if (!poison || (within !== 'alone' && within !== poison.within)) return undefined;
    const holds = operations.some(
      ({ path, value }) => path === '/fields/System.Title' && String(value).includes(poison.title),
    );
    return holds ? poison.status : undefined;
  }
}
