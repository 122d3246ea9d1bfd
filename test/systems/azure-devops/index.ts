export { contractMissing } from './contract';
export { PEOPLE } from './people';
export { StandIn, type StandInOptions, startAzureDevOps } from './server';
