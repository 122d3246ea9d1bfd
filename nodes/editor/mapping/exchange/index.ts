/** Export, import and copying of mappings in the mapper forms. */

export { type ExchangeOptions, exchangePanel } from './panel';
export { type PartForm, partForm } from './parts';
