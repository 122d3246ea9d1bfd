/** The services that the admin routes need, and how a form's draft of a system becomes a connection's settings. */

import type { NodeAPI } from 'node-red';
import type { Connection, Connector } from '../../lib/connectors/connector';
import type { RequestGate } from '../../lib/connectors/http/options';
import { SyncError } from '../../lib/model/errors';
import type { LinkStore, Others } from '../../lib/plan';
import type { ParkedEvents } from '../../lib/store/store';
import type { SystemSettings } from '../shared/connect';
import { completeDraft, type Draft, parseDraft, type StoredSystem, samePlace, secretsOf } from './draft';
import { filledIn, fillIn } from './variables';

export interface AdminServices {
  connectors(): Connector[];
  /** the deployed system node with this id; undefined if there is none, or the node has another type */
  deployed(id: string): StoredSystem | undefined;
  /**
   * The value of an environment variable at the position of a system node, deployed or not.
   * @param system id of the node, deployed or not
   */
  variable?(name: string, system: string | undefined): string | undefined;
  /** @throws SyncError if the configuration is unusable */
  connect(system: SystemSettings, gate?: RequestGate): Connection;
  /** the shared request budget of a deployed system */
  gate?(system: string): RequestGate | undefined;
  /** the other integrations, and the servers that system nodes lead to */
  others?: Others;
  /** the links and parked changes of a deployed integration; undefined if it is not deployed. @throws StoreError */
  links?(integration: string): Promise<(LinkStore & Pick<ParkedEvents, 'parked'>) | undefined>;
  /** the folder for uploaded sheets */
  dataFolder?: string;
  /** milliseconds; for tests */
  timeLimitMs?: number;
  idleMs?: number;
}

/** The used part of Node-RED's API. */
export type AdminHost = Pick<NodeAPI, 'httpAdmin' | 'auth'>;

export interface DraftedSystem {
  connector: Connector;
  settings: SystemSettings;
}

/**
 * A system as a form sends it, ready for connecting.
 * @param learn receives the secrets as soon as they are known, so that no error shows one
 * @throws SyncError invalid for an invalid draft, an unknown connector, a variable without a value, or a stored secret
 * that must not be sent to the draft's place
 */
export function draftedSystem(
  services: AdminServices,
  system: unknown,
  learn: (secrets: string[]) => void,
): DraftedSystem {
  const draft: Draft = parseDraft({ system });
  const stored = draft.id ? services.deployed(draft.id) : undefined;
  const secrets = [...secretsOf(draft, stored), ...(stored ? filledIn(stored.config, stored.effective) : [])];
  learn(secrets);
  const connector = services.connectors().find(({ kind }) => kind === draft.kind);
  if (!connector) throw new SyncError('invalid', `There is no connector "${draft.kind}".`);
  const { settings, values } = fillIn(
    connector,
    completeDraft(connector, draft, stored),
    stored !== undefined && samePlace(connector, draft, stored),
    (name) => services.variable?.(name, draft.id),
  );
  learn([...secrets, ...values]);
  return { connector, settings };
}
