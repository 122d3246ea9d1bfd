/** The form of the value mapper: for each pair of list or user fields, which values correspond. */

import { domainIssues } from '../../lib/mapping/domains';
import { readDomains, readPairs, readValueRows } from '../../lib/mapping/saved';
import {
  kept,
  knownVersion,
  leaveUntouched,
  offerOnlyIntegration,
  rememberInputs,
  showsNewer,
  takeOnlyIntegration,
  watchSaved,
} from '../editor';
import { addMappingStyle, somePairs, tableTitle, withoutLengths } from '../editor/mapping';
import { PreviewPanel } from '../editor/preview';
import { ValueMapperForm, type ValueMapperProperties } from './form';

let form: ValueMapperForm | undefined;

watchSaved('twinflow-value-mapper');

RED.nodes.registerType<ValueMapperProperties>('twinflow-value-mapper', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'value-mapper.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: { value: 'all', validate: somePairs },
    rows: {
      value: [],
      validate(value, _options) {
        const open = readValueRows(value).find(
          ({ sheet }) => sheet !== undefined && (sheet.one === '' || sheet.two === '' || sheet.one === sheet.two),
        );
        return open === undefined || this._('value-mapper.invalid.sheet', { table: tableTitle(open) });
      },
    },
    domains: {
      value: [],
      validate(value, _options) {
        const count = domainIssues(readDomains(value)).filter(({ level }) => level === 'error').length;
        return count === 0 || this._('value-mapper.invalid.domains', { count });
      },
    },
    version: { value: 1, validate: knownVersion('twinflow-value-mapper') },
  },
  label() {
    return this.name || this._('value-mapper.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('value-mapper.paletteLabel');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-value-mapper', this)) return;
    offerOnlyIntegration(this);
    addMappingStyle();
    const opened = new ValueMapperForm(this);
    form = opened;
    const state = () => ({ rows: opened.rows(), pairs: opened.pairs(), domains: opened.domainRules() });
    new PreviewPanel({ node: this, container: $('#twinflow-values-preview'), form: state });
    rememberInputs(this, 'node-input');
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const before = [this.rows, this.pairs, this.domains];
    const domains = form.domainRules();
    this.rows = kept(this.rows, readValueRows(form.rows()), withoutLengths(readValueRows));
    this.pairs = kept(this.pairs, form.pairs(), readPairs);
    // a flow of an older version has none, and is not changed by that
    if (this.domains !== undefined || domains.length > 0) this.domains = kept(this.domains, domains, readDomains);
    leaveUntouched(this, 'node-input');
    const changed = [this.rows, this.pairs, this.domains].some((now, place) => now !== before[place]);
    form = undefined;
    return changed || undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
