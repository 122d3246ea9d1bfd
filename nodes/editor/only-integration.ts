/** A node without an integration belongs to the only one there is: nobody should have to choose where there is no choice. */

import { input } from './form';

function onlyIntegration(): string | undefined {
  const ids: string[] = [];
  RED.nodes.eachConfig(({ id, type }) => {
    if (type === 'twinflow-integration') ids.push(id);
    return undefined;
  });
  return ids.length === 1 ? ids[0] : undefined;
}

/** For `onadd`: a node that was just put on the canvas. */
export function takeOnlyIntegration(this: { integration: string }): void {
  if (this.integration === '') this.integration = onlyIntegration() ?? '';
}

/** For `oneditprepare`: a node that was there before the integration was. Saved only with the form. */
export function offerOnlyIntegration(node: { integration: string }): void {
  const id = nodeHasNone(node.integration) ? onlyIntegration() : undefined;
  if (id !== undefined) input('node-input', 'integration').val(id).trigger('change');
}

// '_ADD_' is what the editor makes of a choice that was never made
const nodeHasNone = (id: string): boolean => id === '' || id === '_ADD_';
