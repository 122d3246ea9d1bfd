/**
 * Times in which a builder fails: from the first failing build to the one that is good again. Skipped, retried and cancelled builds
 * count neither way. Found from the builds themselves, so nothing has to be remembered but where an open one began.
 */

import type { Entity } from '../../model/entity';
import type { Api, Build } from './api';
import { type Describer, verdictOf } from './entities';

const PAGE = 100;
/** Builds that are looked at, at most, in one direction. */
const MOST = 5_000;

export class Streaks {
  constructor(
    private readonly api: Api,
    private readonly describer: Describer,
  ) {}

  /**
   * What a complete build tells of its builder.
   * @param open builder → number of its first failing build, while it fails; kept up to date
   * @returns the time in which the builder fails, or failed; undefined if the build neither begins, prolongs nor ends one
   */
  async toldBy(build: Build, builder: string, open: Map<string, number>): Promise<Entity | undefined> {
    const verdict = verdictOf(build);
    const known = open.get(builder);
    const isBehind = known !== undefined && known <= build.number;
    if (verdict === undefined || (verdict === 'good' && !isBehind)) return undefined;
    const first = isBehind ? known : await this.beginning(build);
    const found = await this.read(builder, build.builder, first);
    if (found?.fields.good === null) open.set(builder, first);
    else if (open.get(builder) === first) open.delete(builder);
    return found;
  }

  /** @param id of the builder */
  async read(builder: string, id: number, first: number): Promise<Entity | undefined> {
    const bad: Build[] = [];
    for (let from = first; from < first + MOST; ) {
      const some = await this.api.buildsFrom(id, from, 'up', PAGE);
      for (const build of some) {
        const verdict = verdictOf(build);
        if (verdict === 'good') return this.describer.broken(builder, first, bad, build);
        if (verdict === 'bad') bad.push(build);
      }
      const last = some.at(-1);
      if (!last || some.length < PAGE) break;
      from = last.number + 1;
    }
    return this.describer.broken(builder, first, bad, undefined);
  }

  /** The first failing build before which there is a good one, or none at all. */
  private async beginning(build: Build): Promise<number> {
    let first = build.number;
    for (let from = build.number - 1; from > Math.max(0, build.number - MOST); ) {
      const some = await this.api.buildsFrom(build.builder, from, 'down', PAGE);
      for (const one of some) {
        const verdict = verdictOf(one);
        if (verdict === 'good') return first;
        if (verdict === 'bad') first = one.number;
      }
      const last = some.at(-1);
      if (!last || some.length < PAGE) break;
      from = last.number - 1;
    }
    return first;
  }
}
