/** Adds the Twinflow tab to the editor's sidebar. */

import { addStyle } from '../editor';
import { keepLook } from './look';
import { addToForms } from './monitor-link';
import { Panel } from './panel';
import { addSidebarStyle } from './style';
import { say } from './words';

const TAB = 'twinflow';
const ACTION = 'twinflow:show-sidebar';

RED.plugins.registerPlugin('twinflow-sidebar', {
  type: 'twinflow-sidebar',
  onadd() {
    addStyle();
    addSidebarStyle();
    keepLook();
    addToForms();
    const panel = new Panel();
    RED.actions.add(ACTION, () => RED.sidebar.show(TAB));
    RED.sidebar.addTab({
      id: TAB,
      label: say('label'),
      name: say('name'),
      iconClass: 'fa fa-exchange',
      action: ACTION,
      content: panel.element,
      enableOnEdit: true,
    });
  },
});
