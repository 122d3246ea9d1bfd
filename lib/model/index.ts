export * from './config';
export * from './entity';
export * from './errors';
export * from './message';
export * from './values';
