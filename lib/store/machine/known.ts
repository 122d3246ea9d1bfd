/**
 * The known version of each entity: the one that was recorded, refreshed or landed last. There are many parts, and most
 * of them do not change after they have landed. Their version is already in their link, so it is stored separately only
 * if it differs.
 */

import type { EntityId } from '../../model/entity';
import type { LinkTable } from '../rows/link-tables';
import type { SeenTable } from '../rows/rows';
import { integrationOf, sideOf } from './flow';

/** For a part that was forgotten although its link has a version. No entity has it. */
const FORGOTTEN = '';

export class Known {
  constructor(
    private readonly seen: SeenTable,
    private readonly links: LinkTable,
  ) {}

  version(flow: number, entity: EntityId, isPart: boolean): string | undefined {
    const seen = this.seen.version(flow, entity);
    return seen === undefined && isPart ? this.linked(flow, entity) : seen;
  }

  set(flow: number, entity: EntityId, version: string): void {
    this.seen.set(flow, entity, version);
  }

  /** A landing has stored the version in the entity's link. @param isOpen an event of the entity is unfinished */
  landed(
    flow: number,
    entity: EntityId,
    version: string,
    { isPart, isOpen }: { isPart: boolean; isOpen: boolean },
  ): void {
    if (!isPart) {
      // While an event is unfinished, its version is the known one: the last one read.
      if (!isOpen) this.seen.set(flow, entity, version);
    } else if (!isOpen) this.seen.remove(flow, entity);
    else if (this.seen.version(flow, entity) === undefined) this.seen.set(flow, entity, FORGOTTEN);
  }

  /** Twinflow's own write has changed the version of an entity without open events: only Twinflow changed it if the
   * version before was known. */
  moved(flow: number, entity: EntityId, { before, after }: { before: string; after: string }, isPart: boolean): void {
    if (this.version(flow, entity, isPart) === before) this.set(flow, entity, after);
  }

  /** An event of a linked entity is about to be made that says nothing about its version: the known one stays known. */
  keep(flow: number, entity: EntityId): void {
    const version = this.seen.version(flow, entity) === undefined ? this.linked(flow, entity) : undefined;
    if (version !== undefined) this.seen.set(flow, entity, version);
  }

  /** A part that is read once more makes an event, whatever its link knows of it. */
  forgetPart(flow: number, entity: EntityId): void {
    this.seen.set(flow, entity, FORGOTTEN);
  }

  remove(flow: number, entity: EntityId): void {
    this.seen.remove(flow, entity);
  }

  /** Nothing of the flow is known any longer. */
  forget(flow: number): void {
    this.seen.removeFlow(flow);
    this.seen.addParts(flow, FORGOTTEN);
  }

  purge(flow: number): void {
    this.seen.removeFlow(flow);
  }

  private linked(flow: number, entity: EntityId): string | undefined {
    return this.links.partVersion(integrationOf(flow), sideOf(flow), entity);
  }
}
