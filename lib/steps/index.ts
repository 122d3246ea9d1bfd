export * from './default-mapper';
export * from './field-mapper';
export * from './filter';
export * from './host';
export * from './value-mapper';
