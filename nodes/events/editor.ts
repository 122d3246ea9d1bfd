/** The form of an events node: whose events, which, how long they are collected, and when the summary is sent. */

import { addStyle } from '../editor';
import { isCollect, KINDS, type Kind, MOST_COLLECT, minutesOf, PRESET_COLLECT, PRESET_TIME } from './settings';

interface EventsProperties {
  name: string;
  integration: string;
  kinds: Kind[];
  collect: number;
  summaryAt: string;
}

const box = (kind: Kind): JQuery => $(`#twinflow-events-${kind}`);

RED.nodes.registerType<EventsProperties>('twinflow-events', {
  category: 'twinflow',
  color: '#c8b6dc',
  icon: 'events.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: false },
    kinds: { value: [...KINDS] },
    collect: {
      value: PRESET_COLLECT,
      validate(typed, _options) {
        return isCollect(typed) || this._('events.invalid.collect', { most: MOST_COLLECT });
      },
    },
    summaryAt: {
      value: PRESET_TIME,
      validate(typed, _options) {
        return minutesOf(typed) !== undefined || this._('events.invalid.summaryAt');
      },
    },
  },
  label() {
    return this.name || this._('events.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('events.paletteLabel');
  },
  inputLabels() {
    return this._('events.port.input');
  },
  outputLabels() {
    return this._('events.port.output');
  },
  oneditprepare() {
    addStyle();
    for (const kind of KINDS) box(kind).prop('checked', this.kinds.includes(kind));
    const show = (): void => {
      $('#twinflow-events-at').prop('hidden', !box('summary').prop('checked'));
    };
    box('summary').on('change', show);
    show();
  },
  oneditsave() {
    const kinds = KINDS.filter((kind) => box(kind).prop('checked') === true);
    if (kinds.join() !== KINDS.filter((kind) => this.kinds.includes(kind)).join()) this.kinds = kinds;
    return undefined;
  },
});
