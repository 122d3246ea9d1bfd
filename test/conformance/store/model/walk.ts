/** What is to be done once for all links of before, for each wish: where that goes on. */

import type { Flow } from '../../../../lib/store/store';
import { key, type Model, type ModelLink, type Wishes } from './state';

/** @returns the integration's links among the next ones of all; undefined where there is nothing to do */
export function walkOn(
  model: Model,
  wishes: Wishes,
  flow: Flow,
  wish: string | undefined,
  limit: number,
): { links: ModelLink[]; isMore: boolean } | undefined {
  const before = wishes.get(key(flow));
  if (wish === undefined) wishes.delete(key(flow));
  if (wish === undefined || (before?.wish === wish && before.upTo === undefined)) return undefined;
  const after = before?.wish === wish ? (before.upTo ?? 0) : 0;
  const some = model.whole
    .filter(({ id }) => id > after)
    .toSorted((a, b) => a.id - b.id)
    .slice(0, limit);
  const upTo = some.length < limit ? undefined : some.at(-1)?.id;
  wishes.set(key(flow), { wish, upTo });
  return { links: some.filter(({ integration }) => integration === flow.integration), isMore: upTo !== undefined };
}
