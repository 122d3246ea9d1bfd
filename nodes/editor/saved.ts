/**
 * Saved nodes of other versions in the editor. Older ones are upgraded as soon as they are loaded, so that forms,
 * validators and the next deploy use the current shape. Those of a later Twinflow are marked and left exactly as they
 * are.
 */

import { HISTORIES, type NodeType, savedVersion, upgradeNode } from '../../lib/saved';
import { isObject } from './read';
import { addStyle } from './style';
import { t } from './text';

/** Properties that every node has: Node-RED saves them itself. */
const OWN = new Set(
  'id type z x y wires d g l w h info icon inputLabels outputLabels env credentials users inputs outputs'.split(' '),
);

/** The deployed flows, requested once for all nodes of one load. */
let deployed: Promise<unknown> | undefined;

function deployedFlows(): Promise<unknown> {
  deployed ??= new Promise((resolve, reject) => {
    $.ajax({ url: 'flows', headers: { 'Node-RED-API-Version': 'v2' }, dataType: 'json' }).then(resolve, reject);
  });
  setTimeout(() => {
    deployed = undefined;
  }, 5_000);
  return deployed;
}

/**
 * The editor drops properties that this version's form does not name, and would deploy the node without them. They are
 * taken from the deployed flows and named for this one node.
 */
async function keepUnknown(node: EditorNode): Promise<void> {
  const answer = await deployedFlows();
  const flows: unknown[] = isObject(answer) && Array.isArray(answer.flows) ? answer.flows : [];
  const saved = flows.find((one) => isObject(one) && one.id === node.id);
  const definition = node._def;
  if (!isObject(saved) || definition === undefined) return;
  const unknown = Object.keys(saved).filter((key) => !OWN.has(key) && !Object.hasOwn(definition.defaults, key));
  if (unknown.length === 0) return;
  const named = Object.fromEntries(unknown.map((key) => [key, { value: undefined }]));
  node._def = { ...definition, defaults: { ...definition.defaults, ...named } };
  for (const key of unknown) node[key] = saved[key];
}

const formerOf = (type: NodeType): readonly string[] => HISTORIES[type].former ?? [];

/**
 * For a form's `defaults`: properties that only older versions have. The editor loads only properties that a form
 * names, so the upgrade would not see them.
 */
export const loadedOnly = (type: NodeType): Record<string, { value: undefined }> =>
  Object.fromEntries(formerOf(type).map((name) => [name, { value: undefined }]));

/** After the upgrade a node no longer has them: neither in the deployed data nor in the editor's list of its
 * properties. */
function forgetFormer(type: NodeType, node: EditorNode): void {
  const former = formerOf(type);
  if (former.length === 0 || node._def === undefined) return;
  for (const name of former) delete node[name];
  const defaults = Object.entries(node._def.defaults).filter(([name]) => !former.includes(name));
  node._def = { ...node._def, defaults: Object.fromEntries(defaults) };
}

/** Call it once next to `registerType`: nodes of this type are upgraded when they are loaded. */
export function watchSaved(type: NodeType): void {
  RED.events.on('nodes:add', (added) => {
    if (!isObject(added) || added.type !== type) return;
    // here the editor returns its own nodes
    const node = added as EditorNode;
    const upgraded = upgradeNode(type, node);
    if (upgraded.is === 'newer') {
      keepUnknown(node).catch(() => undefined); // its form shows what may be lost
      return;
    }
    if (upgraded.from < Number(upgraded.saved.version)) Object.assign(node, upgraded.saved);
    forgetFormer(type, node);
  });
}

/** True for a node that a later Twinflow has saved. */
export const isNewer = (type: NodeType, node: EditorNode): boolean => upgradeNode(type, node).is === 'newer';

/** A validator for the property `version`. It has two parameters, because only such validators can give a reason. */
export const knownVersion =
  (type: NodeType) =>
  (value: unknown, _options?: object): boolean | string =>
    upgradeNode(type, { version: value }).is !== 'newer' || t('newer.invalid');

/**
 * Call this first in `oneditprepare`. For a node of a later Twinflow, it replaces the form by the reason.
 * @returns true if there is nothing to edit
 */
export function showsNewer(type: NodeType, node: EditorNode): boolean {
  const upgraded = upgradeNode(type, node);
  if (upgraded.is !== 'newer') return false;
  addStyle();
  const form = $('#node-input-name, #node-config-input-name').first().closest('form');
  const message = t('newer.message', { version: savedVersion(node), known: upgraded.known });
  form.children().remove();
  $('<div class="twinflow-message twinflow-warning" role="alert">')
    .append($('<p>').text(message), $('<p>').text(t('newer.kept')))
    .appendTo(form);
  return true;
}
