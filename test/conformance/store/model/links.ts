/** Links, by their ends and in their order. */

import type { EntityId, Side } from '../../../../lib/model';
import type { FoundLinks, Link } from '../../../../lib/store/store';
import { bare, type Model, type ModelLink } from './state';

export class ModelLinks {
  constructor(private readonly model: Model) {}

  async linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined> {
    const link = this.model.find(integration, side, entity);
    return link && bare(link);
  }

  async linksAfter(integration: string, after: number, limit: number): Promise<Link[]> {
    const inOrder = this.model.whole.toSorted((a, b) => a.id - b.id);
    const isMeant = (link: ModelLink) => link.integration === integration && link.id > after;
    const next = inOrder.filter(isMeant).slice(0, limit);
    const links = await Promise.all(next.map(({ ends }) => this.linkOf(integration, 1, ends[0].ref.id)));
    return links.filter((link) => link !== undefined);
  }

  async findLinks(
    integration: string,
    text: string,
    before: number | undefined,
    limit: number,
    span: number,
  ): Promise<FoundLinks> {
    const below = this.model.whole.filter(({ id }) => id < (before ?? Number.POSITIVE_INFINITY));
    const looked = below.toSorted((a, b) => b.id - a.id).slice(0, span);
    const wanted = text.toLowerCase();
    const isMeant = ({ integration: of, ends }: ModelLink) =>
      of === integration &&
      ends.some(({ ref }) => [ref.id, ref.key].some((name) => name.toLowerCase().includes(wanted)));
    const found = looked.filter(isMeant).slice(0, limit);
    const next = found.length === limit ? found.at(-1)?.id : looked.length < span ? undefined : looked.at(-1)?.id;
    return { links: found.map(bare), ...(next !== undefined && { next }) };
  }

  async partLinks(owner: number, limit: number): Promise<Link[]> {
    const its = this.model.links.filter((link) => link.owner === owner).toSorted((a, b) => a.id - b.id);
    return its.slice(0, limit).map(bare);
  }

  async linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]> {
    return Promise.all(entities.map((entity) => this.linkOf(integration, side, entity)));
  }
}
