/** What the admin routes need of their surroundings, and how a form's draft of a system becomes a connection's settings. */

import type { NodeAPI } from 'node-red';
import type { Connection, Connector } from '../../lib/connectors/connector';
import type { RequestGate } from '../../lib/connectors/http/options';
import { SyncError } from '../../lib/model/errors';
import type { LinkStore, Others } from '../../lib/plan';
import type { Store } from '../../lib/store/store';
import type { Neighbours } from '../../lib/sync/neighbours';
import type { SystemSettings } from '../shared/connect';
import { completeDraft, type Draft, parseDraft, type StoredSystem, samePlace, secretsOf } from './draft';
import { filledIn, fillIn } from './variables';

export interface AdminServices {
  connectors(): Connector[];
  /** the deployed system node of this id; undefined where there is none, or the node is of another type */
  deployed(id: string): StoredSystem | undefined;
  /**
   * The value of an environment variable where a system node is, or would be.
   * @param system id of the node, deployed or not
   */
  variable?(name: string, system: string | undefined): string | undefined;
  /** @throws SyncError where the configuration is unusable */
  connect(system: SystemSettings, gate?: RequestGate): Connection;
  /** the budget that the requests to a deployed system share */
  gate?(system: string): RequestGate | undefined;
  /** the deployed integrations, as far as they tell where entities of others go */
  neighbours?: Pick<Neighbours, 'lead'>;
  /** the integrations at work, and the servers that system nodes lead to */
  others?: Others;
  /** the links and parked changes of a deployed integration; undefined where it is not deployed. @throws StoreError */
  links?(integration: string): Promise<(LinkStore & Pick<Store, 'parked'>) | undefined>;
  /** where uploaded sheets are kept */
  dataFolder?: string;
  /** milliseconds; for tests */
  timeLimitMs?: number;
  idleMs?: number;
}

/** The part of Node-RED's API that is used here. */
export type AdminHost = Pick<NodeAPI, 'httpAdmin' | 'auth'>;

export interface DraftedSystem {
  connector: Connector;
  settings: SystemSettings;
}

/**
 * A system as a form sends it, ready to be connected to.
 * @param learn is told the secrets as soon as they are known, so that no error shows one
 * @throws SyncError invalid – no draft, an unknown connector, a variable without a value, or a stored secret that may not go where the draft leads
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
