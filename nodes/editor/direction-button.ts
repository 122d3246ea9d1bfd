/** A button that shows a direction and switches to the next one when pressed: both, forward, backward. */

import type { DirectionSetting } from '../../lib/model/entity';
import { t } from './text';

const NEXT: Record<DirectionSetting, DirectionSetting> = { both: 'forward', forward: 'backward', backward: 'both' };
const ARROW: Record<DirectionSetting, string> = { both: '↔', forward: '→', backward: '←' };

export interface DirectionButton {
  element: JQuery;
  value(): DirectionSetting;
  set(value: DirectionSetting): void;
}

/**
 * @param container the button is appended to it
 * @param onChange called after a press, not after `set`
 */
export function directionButton(
  container: JQuery,
  value: DirectionSetting,
  onChange?: (value: DirectionSetting) => void,
): DirectionButton {
  let present = value;
  const button = $('<button type="button" class="red-ui-button twinflow-direction">').appendTo(container);
  RED.popover.tooltip(button, () => t(`direction.${present}`));

  const show = () => {
    button
      .text(ARROW[present])
      .attr('aria-label', t(`direction.${present}`))
      .attr('data-direction', present);
  };
  button.on('click', (event) => {
    event.preventDefault();
    present = NEXT[present];
    show();
    onChange?.(present);
  });
  show();
  return {
    element: button,
    value: () => present,
    set(next) {
      present = next;
      show();
    },
  };
}
