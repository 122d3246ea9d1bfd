/** All connectors by kind. A new one needs a folder and a line here; one that is a file in a user's folder needs neither. */

import { SyncError } from '../model/errors';
import { azureDevops } from './azure-devops';
import { buildbot } from './buildbot';
import type { Connector } from './connector';
import { shipped } from './declared/files';
import { git } from './git';
import { jira } from './jira';
import { redmine } from './redmine';
import { requestTracker } from './request-tracker';
import { sandbox } from './sandbox';
import { sql } from './sql';
import { subversion } from './subversion';

/** In the order in which a form offers them. */
export const connectors: Readonly<Record<string, Connector>> = {
  sandbox,
  redmine,
  jira,
  'azure-devops': azureDevops,
  'request-tracker': requestTracker,
  git,
  subversion,
  buildbot,
  sql,
  github: shipped('github'),
  gitlab: shipped('gitlab'),
  servicenow: shipped('servicenow'),
  bugzilla: shipped('bugzilla'),
};

/** @throws SyncError fatal if there is no connector of that kind */
export function connectorOf(kind: string, all: Readonly<Record<string, Connector>> = connectors): Connector {
  const connector = Object.hasOwn(all, kind) ? all[kind] : undefined;
  if (connector) return connector;
  const known = Object.keys(all).join(', ');
  throw new SyncError(
    'fatal',
    `There is no connector for the system type "${kind}". If it comes with a package, install that package; if it is a file, put it into twinflow/connectors. Available: ${known}.`,
  );
}
