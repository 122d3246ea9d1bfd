/** Links to the monitor page: in the sidebar's tab, and in the form of every Twinflow node. */

import { say } from './words';

const PAGE = 'twinflow/';

/** @param view a view of the page */
function link(view: string): JQuery {
  return $('<a class="twinflow-monitor-link" target="_blank" rel="noopener">')
    .attr('href', `${PAGE}#${view}`)
    .text(`${say('monitor')} ↗`);
}

/** For the sidebar. */
export const monitorLink = (): JQuery => $('<div class="twinflow-side-line">').append(link('overview'));

/** Adds the link to each form of a Twinflow node that is opened. */
export function addToForms(): void {
  const add = (): void => {
    const edited = RED.editor.getEditStack().at(-1);
    if (!edited?.type.startsWith('twinflow-')) return;
    const footer = $('.red-ui-tray-footer-left').last();
    if (footer.length === 0 || footer.find('.twinflow-monitor-link').length > 0) return;
    footer.append(link('overview'));
  };
  // the first form, and those that are opened over another one; the form is drawn after the event
  for (const event of ['editor:open', 'editor:change']) RED.events.on(event, () => setTimeout(add, 0));
}
