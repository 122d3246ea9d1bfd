/** The data that integrations share: which server a node leads to, and what is linked through several of them. */

import type { EntityId } from '../../model/entity';
import type { Link } from './links';

/** A link for other integrations: with the place of each end's system. */
export interface KinLink extends Link {
  places: [string, string];
}

/** The role for looking across integrations. */
export interface KinIndex {
  /**
   * The server that a system node leads to. Nodes with the same place count as one system across integrations. Without
   * a place, a node is a place of its own. Kept even after the node is gone.
   * @param by the integration that works with the node. If the node now leads to another place (its server may have
   * another URL), the integration's links are moved; those of others stay at the old place until they report the same
   */
  setPlace(system: string, place: string, by: string): Promise<void>;
  /** The place of the links that the integration made through the node: the node's place when the integration last
   * worked with it. */
  placeOf(system: string, integration: string): Promise<string | undefined>;

  /**
   * All links that connect an entity with others, directly or indirectly, in any integration, oldest first. Empty if
   * only the asking integration has stored anything.
   */
  kinOf(system: string, entity: EntityId, by: string): Promise<KinLink[]>;
}
