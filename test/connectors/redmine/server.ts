/** The real server that the Redmine tests run against: `a`, unless TWINFLOW_REDMINE names another one. */

import type { Connection, ConnectorConfig, Scope } from '../../../lib/connectors/connector';
import { redmine as connector } from '../../../lib/connectors/redmine';
import type { Entity } from '../../../lib/model/entity';
import type { Needed } from '../../support/need';
import { type RedmineName, type RedmineServer, type RedmineUser, redmine } from '../../support/redmine';

const isName = (name: string): name is RedmineName => /^[a-z]$/.test(name);
const wanted = process.env.TWINFLOW_REDMINE ?? 'a';

export const server: Needed<RedmineServer> = isName(wanted)
  ? redmine(wanted)
  : { missing: `TWINFLOW_REDMINE is not the name of a server: ${wanted}` };

/** Projects Alpha and Beta with all trackers, as seeded. */
export const scope: Scope = { projects: ['1', '2'], types: ['1', '2', '3'] };

/** A connection that notes its requests as `GET /issues.json`. */
export interface Counted {
  connection: Connection;
  requests: string[];
}

export function connectTo(url: string, key: string, config: ConnectorConfig = {}): Counted {
  const requests: string[] = [];
  const onRequest = (method: string, path: string) => void requests.push(`${method} ${path.replace(/\?.*/, '')}`);
  const connection = connector.connect({ url, auth: 'apiKey', apiKey: key, ...config }, { http: { onRequest } });
  return { connection, requests };
}

export const connectAs = (to: RedmineServer, user: RedmineUser, config: ConnectorConfig = {}): Counted =>
  connectTo(to.url, to.key(user), config);

/** One poll to its end. */
export async function poll(
  connection: Connection,
  since: Awaited<ReturnType<Connection['newest']>>,
  pageSize = 100,
  within = scope,
) {
  const entities: Entity[] = [];
  const checkpoints = [];
  for await (const page of connection.changes(within, since, pageSize)) {
    entities.push(...page.entities);
    checkpoints.push(page.checkpoint);
  }
  return { entities, checkpoints, checkpoint: checkpoints.at(-1), ids: entities.map(({ id }) => id) };
}
