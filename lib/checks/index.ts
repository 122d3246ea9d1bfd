export * from './access';
export * from './defaults';
export * from './drift';
export * from './fields';
export * from './finding';
export * from './sentence';
export * from './values';
