/** Shared by the forms of filter, field, value and default mapper, in addition to `../editor`. */

export { browserCheck } from './expression-check';
export * from './fields';
export * from './findings';
export { type FormRow, MapRow } from './map-row';
export * from './mapped';
export * from './row-issues';
export * from './rows';
export { saveRows, somePairs, withoutLengths } from './saving';
export { MappingScope, type ScopeOptions } from './scope';
export { addMappingStyle } from './style';
export * from './tables';
export { m } from './text';
export { foldTop } from './top';
export * from './value-input';
