/** A node without an integration gets the only existing one: no selection is needed if there is no choice. */

import { input } from './form';

function onlyIntegration(): string | undefined {
  const ids: string[] = [];
  RED.nodes.eachConfig(({ id, type }) => {
    if (type === 'twinflow-integration') ids.push(id);
    return undefined;
  });
  return ids.length === 1 ? ids[0] : undefined;
}

/** For `onadd`: a node that was just placed on the canvas. */
export function takeOnlyIntegration(this: { integration: string }): void {
  if (this.integration === '') this.integration = onlyIntegration() ?? '';
}

/** For `oneditprepare`: a node that is older than the integration. Saved only with the form. */
export function offerOnlyIntegration(node: { integration: string }): void {
  const id = nodeHasNone(node.integration) ? onlyIntegration() : undefined;
  if (id !== undefined) input('node-input', 'integration').val(id).trigger('change');
}

// '_ADD_' is the editor's value if nothing was ever selected
const nodeHasNone = (id: string): boolean => id === '' || id === '_ADD_';
