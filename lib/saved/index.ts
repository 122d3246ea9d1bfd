/** Saved nodes of any version: `upgradeNode(type, node)`. Pure; used by the runtime and by the forms. */

import { HISTORIES, type NodeType } from './history';
import { type Upgraded, upgrade } from './versions';

export { HISTORIES, isNodeType, NODE_TYPES, type NodeType } from './history';
export { type Saved, savedVersion, type Upgraded, versionOf } from './versions';

/** Upgrades a saved Twinflow node to the current version. @see upgrade */
export const upgradeNode = (type: NodeType, saved: object): Upgraded => upgrade(HISTORIES[type], saved);
