/**
 * Saved nodes of other versions in the editor: older ones are brought to today's shape as soon as they are loaded, so that
 * forms, validators and the next deploy have that; those of a later Twinflow are shown as such and left exactly as they are.
 */

import { type NodeType, savedVersion, upgradeNode } from '../../lib/saved';
import { isObject } from './read';
import { addStyle } from './style';
import { t } from './text';

/** What every node has: Node-RED saves it by itself. */
const OWN = new Set(
  'id type z x y wires d g l w h info icon inputLabels outputLabels env credentials users inputs outputs'.split(' '),
);

/** The flows as they are deployed, asked for once for all nodes of one load. */
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
 * The editor forgets properties that this version's form does not name, and would deploy the node without them. They are
 * taken from what is deployed, and named for this one node.
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

/** Call it once beside `registerType`: the nodes of this type are brought to today's version when they are loaded. */
export function watchSaved(type: NodeType): void {
  RED.events.on('nodes:add', (added) => {
    if (!isObject(added) || added.type !== type) return;
    // the editor hands out its own nodes here
    const node = added as EditorNode;
    const upgraded = upgradeNode(type, node);
    if (upgraded.is === 'newer')
      keepUnknown(node).catch(() => undefined); // its form says what is at stake
    else if (upgraded.from < Number(upgraded.saved.version)) Object.assign(node, upgraded.saved);
  });
}

/** True for a node that a later Twinflow has saved. */
export const isNewer = (type: NodeType, node: EditorNode): boolean => upgradeNode(type, node).is === 'newer';

/** A validator for the property `version`: of two parameters, since others may not give a reason. */
export const knownVersion =
  (type: NodeType) =>
  (value: unknown, _options?: object): boolean | string =>
    upgradeNode(type, { version: value }).is !== 'newer' || t('newer.invalid');

/**
 * First thing in `oneditprepare`: for a node of a later Twinflow, puts the reason in the place of the form.
 * @returns true where there is nothing to edit
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
