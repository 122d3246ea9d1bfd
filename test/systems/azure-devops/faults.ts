/** What can go wrong with the service, each with a switch. A test turns one on, and off again. */

import type { PatchOperation } from './patch';

/** How the service, or a gateway before it, shows that it does not know a token. */
export type SignIn = 'page' | '401' | '401-html' | 'redirect';

export class Faults {
  /** set: no token is known any more, and this is how it is said */
  credentialsDead: SignIn | undefined;
  /**
   * A write whose title holds the text is answered with the status: alone; within a batch its `element` is, or the `whole`
   * batch, of which then nothing is carried out.
   */
  poison: { title: string; status: number; within: 'element' | 'whole' } | undefined;
  /** `$batch` is refused as a whole, with this status: the account, or a gateway, does not let it through */
  batchRefused: number | undefined;
  /** ids of work items that the account may not see: its permission for their area was taken away */
  readonly hidden = new Set<number>();
  /** ids that the answer of a batch read lacks altogether, without a hole */
  readonly leftOut = new Set<number>();
  /** pages of the feed that come empty, though there is more */
  emptyPages = 0;
  /** the feed says that there is more, and gives the same token again */
  sameToken = false;
  /** paths that a proxy answers with its own page: 404 and HTML */
  lost: RegExp | undefined;
  /** names of scopes that the token lacks */
  readonly lacking = new Set<'identities' | 'write' | 'projects'>();

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
