/** The form of a writer: its integration, its batch size, and whether it writes at all. */

import {
  addStyle,
  entered,
  input,
  isNewer,
  isTouched,
  knownVersion,
  leaveUntouched,
  offerOnlyIntegration,
  rememberInputs,
  showsNewer,
  takeOnlyIntegration,
  watchSaved,
} from '../editor';
import { PreviewPanel } from '../editor/preview';

interface WriterProperties {
  name: string;
  integration: string;
  batchSize: number;
  dryRun: boolean;
  version: number;
}

const PRESET_BATCH = 50;
const LARGEST_BATCH = 1000;

watchSaved('twinflow-writer');

RED.nodes.registerType<WriterProperties>('twinflow-writer', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'writer.svg',
  align: 'right',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    batchSize: {
      value: PRESET_BATCH,
      validate(typed, _options) {
        const size = Number(typed ?? PRESET_BATCH);
        const fits = Number.isInteger(size) && size >= 1 && size <= LARGEST_BATCH;
        return fits || this._('writer.invalid.batchSize', { most: LARGEST_BATCH });
      },
    },
    dryRun: { value: false },
    version: { value: 1, validate: knownVersion('twinflow-writer') },
  },
  label() {
    const name = this.name || this._('writer.paletteLabel');
    return this.dryRun ? this._('writer.dryRunLabel', { name }) : name;
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('writer.paletteLabel');
  },
  inputLabels() {
    return this._('writer.port.input');
  },
  outputLabels() {
    return this._('writer.port.output');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-writer', this)) return;
    offerOnlyIntegration(this);
    addStyle();
    const { batchSize } = this;
    input('node-input', 'batchSize').val(batchSize ?? PRESET_BATCH);
    new PreviewPanel({ node: this, container: $('#twinflow-writer-preview'), form: () => ({}), whole: true });
    rememberInputs(this, 'node-input');
  },
  oneditsave() {
    if (isNewer('twinflow-writer', this)) return undefined;
    if (isTouched(this, 'node-input', 'batchSize'))
      this.batchSize = entered('node-input', 'batchSize') ?? this.batchSize;
    leaveUntouched(this, 'node-input');
    this.version = 1;
    return undefined;
  },
});
