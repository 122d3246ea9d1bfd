/**
 * Replaces a node's runtime if Node.js is too old for Twinflow (node:sqlite is missing). Otherwise each node would fail
 * to load with a stack trace. The build adds a call of this before all imports of a node, so nothing may be imported
 * here that needs a newer Node.js.
 */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { SECRET_NAMES } from '../../lib/connectors/form';

/** The minimum version, as in package.json's `engines`. */
export const LOWEST = [22, 13] as const;

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < LOWEST[0] || (major === LOWEST[0] && minor < LOWEST[1]);
}

const told = new WeakSet<object>();

/**
 * A runtime of a node type that only reports the reason. It declares the credentials, so that none are lost.
 * @param version of the current Node.js
 */
export function placeholder(type: string, version: string): (RED: NodeAPI) => void {
  return (RED) => {
    const lowest = LOWEST.join('.');
    if (!told.has(RED.events)) {
      told.add(RED.events);
      RED.log.error(
        `Twinflow needs Node.js ${lowest} or newer; this is ${version}. Its nodes do nothing until Node.js is updated.`,
      );
    }
    // the sidebar's plugin is not a node
    if (type === 'twinflow-sidebar') return;
    function Idle(this: Node, def: NodeDef): void {
      RED.nodes.createNode(this, def);
      this.status({ fill: 'red', shape: 'ring', text: `needs Node.js ${lowest}` });
    }
    const secrets = Object.fromEntries(SECRET_NAMES.map((name) => [name, { type: 'password' as const }]));
    RED.nodes.registerType(type, Idle, type === 'twinflow-system' ? { credentials: secrets } : {});
  };
}

/** Replaces the export of a node's file if Node.js is too old. @returns whether it did */
export function standIn(file: { exports: unknown }, type: string, version = process.versions.node): boolean {
  if (!isTooOld(version)) return false;
  file.exports = placeholder(type, version);
  return true;
}
