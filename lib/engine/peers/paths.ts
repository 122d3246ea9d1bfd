/** Where integrations lead entities of a project and type: to another system, directly or through others. Pure. */

import type { IntegrationConfig } from '../../model/config';
import type { EntityRef } from '../../model/entity';
import { inOrder } from '../../model/sides';
import { route } from '../routing';

/** Names by which a system is known: its node's, and that of its place. */
export type SystemNames = readonly string[];

/** An integration, as far as it matters to where entities go. */
export interface Led {
  config: IntegrationConfig;
  /** absent = by their nodes alone */
  systems?: readonly [SystemNames, SystemNames];
}

/** Where entities are. */
interface Stop {
  system: SystemNames;
  ref: EntityRef;
}

const isSame = (names: SystemNames, others: SystemNames): boolean => names.some((name) => others.includes(name));
const nameOf = ({ system, ref }: Stop): string => JSON.stringify([system, ref.project, ref.type]);

/** Where an integration leads entities of a system's project and type. */
function steps({ config, systems }: Led, system: SystemNames, ref: EntityRef): Stop[] {
  const [one, two] = systems ?? [[config.system1], [config.system2]];
  return ([1, 2] as const).flatMap((side): Stop[] => {
    const [from, to] = inOrder(side, one, two);
    const target = isSame(from, system) ? route(config, side, ref)?.target : undefined;
    return target ? [{ system: to, ref: { ...ref, ...target } }] : [];
  });
}

/** True if the integration leads entities of this project and type from one system to the other. */
export function leads(config: IntegrationConfig, system: SystemNames, ref: EntityRef, toward: SystemNames): boolean {
  return steps({ config }, system, ref).some((step) => isSame(step.system, toward));
}

/** As `leads`, of several integrations: one alone or one after the other. */
export function leadsAlong(all: readonly Led[], system: SystemNames, ref: EntityRef, toward: SystemNames): boolean {
  const stops: Stop[] = [{ system, ref }];
  const known = new Set(stops.map(nameOf));
  for (const stop of stops) {
    const next = all.flatMap((one) => steps(one, stop.system, stop.ref));
    if (next.some((one) => isSame(one.system, toward))) return true;
    for (const one of next) {
      if (known.has(nameOf(one))) continue;
      known.add(nameOf(one));
      stops.push(one);
    }
  }
  return false;
}
