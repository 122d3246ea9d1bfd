/** What every part of the stand-in stands on: its state, its clock, its address, and who is looked for in vain. */

import { ApiError } from './answer';
import { Faults } from './faults';
import { typeByName } from './patch';
import type { TypeDefinition } from './process';
import { type StandInProject, State } from './state';

export interface ServiceOptions {
  /** hits at which a query fails; default: 20,000 */
  queryLimit?: number;
  /** one failed request of a batch undoes all */
  batchAllOrNothing?: boolean;
  /** knows Markdown; default: true */
  markdown?: boolean;
  /** ms since 1970; default: the machine's clock */
  now?: () => number;
}

export type Query = URLSearchParams;

export const bad = (message: string, typeKey = 'ArgumentException') => new ApiError(400, typeKey, message);
export const wrapped = <T>(value: T[]) => ({ count: value.length, value });

/** Without trailing zeros, as the service writes times. */
export const time = (ms: number): string => new Date(ms).toISOString().replace(/\.?0+Z$/, 'Z');

export class Core {
  readonly state = new State();
  readonly faults = new Faults();
  /** revisions that happen now do not appear in the feed until they are released */
  withholding = false;

  constructor(
    /** address of the organisation */
    readonly base: () => string,
    readonly options: ServiceOptions,
  ) {
    this.state.hides = (id) => this.faults.hidden.has(id);
  }

  now(): number {
    return this.options.now?.() ?? Date.now();
  }

  release(): void {
    for (const item of this.state.items.values()) for (const revision of item.revisions) revision.withheld = false;
  }

  project(name: string): StandInProject {
    const found = this.state.project(name);
    if (found) return found;
    throw new ApiError(
      404,
      'ProjectDoesNotExistWithNameException',
      `TF200016: The following project does not exist: ${name}.`,
    );
  }

  type(name: string, project: StandInProject): TypeDefinition {
    const found = typeByName(name);
    if (found && !project.gone.has(found.name.toLowerCase())) return found;
    throw new ApiError(
      404,
      'WorkItemTypeNotFoundException',
      `VS402323: Work item type ${name} does not exist in project or you do not have permission to access it.`,
    );
  }
}
