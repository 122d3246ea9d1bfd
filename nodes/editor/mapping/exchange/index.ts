/** Export, import and copying of mappings in the mapper forms. */

export { type ExchangeOptions, exchangePanel } from './panel';
