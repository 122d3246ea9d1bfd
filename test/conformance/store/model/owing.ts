/** Ends that have to show their counterpart. */

import type { Side } from '../../../../lib/model';
import type { Flow, Link, Moved, Owed, OwedCounts, OwedOutcome } from '../../../../lib/store/store';
import { bare, idOf, kept, key, type Model, type ModelLink, nth, type OwedEnd } from './state';
import { walkOn } from './walk';

export class ModelOwing {
  constructor(private readonly model: Model) {}

  async owed({ integration, side }: Flow, limit: number, now: number): Promise<Owed[]> {
    const isSent = (link: Link, end: Side) =>
      this.model.main({ integration, side: end }, idOf(link, end))?.state === 'sent';
    return this.owingOf(integration, side)
      .filter(({ owed, link }) => (owed.dueAt ?? now + 1) <= now && !isSent(link, 1) && !isSent(link, 2))
      .toSorted((a, b) => (a.owed.dueAt ?? 0) - (b.owed.dueAt ?? 0) || a.link.id - b.link.id)
      .slice(0, limit)
      .map(({ owed: { attempts, error }, link }) => ({ link: bare(link), side, attempts, ...(error && { error }) }));
  }

  async settleOwed(outcomes: OwedOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const owed = this.model.owing.find(({ link, side }) => link === outcome.link && side === outcome.side);
      const link = this.model.links.find(({ id }) => id === outcome.link);
      if (!link || !owed) continue;
      if (outcome.to === 'done') {
        this.forgive(link.id, outcome.side);
        const flow = { integration: link.integration, side: outcome.side };
        const entity = idOf(link, outcome.side);
        const isKnown = this.model.known.get(`${key(flow)} ${entity}`) === outcome.version?.before;
        if (outcome.version && isKnown && this.model.of(flow, entity).length === 0)
          this.model.known.set(`${key(flow)} ${entity}`, outcome.version.after);
      } else {
        owed.error = outcome.error;
        owed.dueAt = outcome.to === 'retry' ? outcome.dueAt : undefined;
        if (outcome.to === 'retry' && outcome.charge) owed.attempts += 1;
      }
    }
  }

  async resumeOwed(integration: string): Promise<number> {
    const resting = ([1, 2] as const)
      .flatMap((side) => this.owingOf(integration, side))
      .filter(({ owed }) => owed.dueAt === undefined);
    for (const { owed } of resting) {
      owed.dueAt = 0;
      owed.attempts = 0;
    }
    return resting.length;
  }

  async oweEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean> {
    const { integration, side } = flow;
    this.model.stored.add(integration);
    const walk = walkOn(this.model, this.model.wishes, flow, wish, limit);
    if (!walk) return false;
    const due = this.owingOf(integration, side).filter(({ owed }) => owed.dueAt !== undefined);
    for (const { id } of walk.links) {
      if (due.some(({ link }) => link.id === id)) continue;
      this.forgive(id, side);
      this.model.owing.push({ link: id, side, attempts: 0, dueAt: 0 });
    }
    return walk.isMore;
  }

  async owedCounts(integration: string): Promise<[OwedCounts, OwedCounts]> {
    const of = (side: Side): OwedCounts => {
      const all = this.owingOf(integration, side);
      const resting = all.filter(({ owed }) => owed.dueAt === undefined).toSorted((a, b) => b.link.id - a.link.id);
      const error = resting[0]?.owed.error;
      return { due: all.length - resting.length, resting: resting.length, ...(error && { error }) };
    };
    return [of(1), of(2)];
  }

  private owingOf(integration: string, side: Side): { owed: OwedEnd; link: ModelLink }[] {
    return this.model.owing.flatMap((owed) => {
      const link = this.model.links.find(({ id }) => id === owed.link);
      return link?.integration === integration && owed.side === side ? [{ owed, link }] : [];
    });
  }

  forgive(link: number, side: Side): void {
    this.model.owing = this.model.owing.filter((owed) => owed.link !== link || owed.side !== side);
  }

  async move(moves: Moved[]): Promise<void> {
    for (const { link: id, side, ref, owes = [] } of moves) {
      const link = this.model.links.find((one) => one.id === id);
      if (!link || idOf(link, side) !== ref.id) continue;
      nth(link.ends, side).ref = kept(ref, link.owner !== undefined);
      for (const owing of owes) {
        this.forgive(id, owing);
        this.model.owing.push({ link: id, side: owing, attempts: 0, dueAt: 0 });
      }
    }
  }
}
