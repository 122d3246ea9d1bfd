/** What a survey says: what would happen to many entities, counted. Plain JSON of bounded size; read in the browser too. */

import type { Direction, EntityRef, EntityTypeId, Side } from '../model/entity';
import type { FieldId } from '../model/values';
import type { EntityPlan, FieldWarningKind, PlanOutcome } from './types';

export type OutcomeKind = PlanOutcome['kind'];

/** In the order in which people want to hear of them. */
export const OUTCOMES: readonly OutcomeKind[] = [
  'create',
  'update',
  'delete',
  'parked',
  'filtered',
  'nothing',
  'unmapped',
  'skipped',
  'noPair',
  'waits',
];

export interface Survey {
  /** one for each direction and entity type of its source, in the order of the integration's pairs */
  groups: GroupSurvey[];
}

export interface GroupSurvey extends Counts {
  /** of the items' parts that are synced; absent where none are */
  parts?: PartsSurvey;
  /** the items themselves are not synced this way, only their parts: nothing is counted of them but `read` */
  only?: 'parts';
}

/** What was found of the parts of a group's items: their comments. */
export interface PartsSurvey {
  /** items whose parts were looked at, and those beyond the limit, of whose nothing is known */
  owners: number;
  left: number;
  /** items whose parts the system did not deliver, and why for the first of them */
  undelivered?: { count: number; why: string };
  /** one for each type of parts */
  pairs: Counts[];
  /** why it ended before its end */
  fault?: string;
}

/** What was counted of entities of one type. */
export interface Counts {
  direction: Direction;
  side: Side;
  /** of the source, and of the pair that leads it to the other side */
  type: { id: EntityTypeId; name: string };
  targetType: { id: EntityTypeId; name: string };
  /** entities that were looked at */
  read: number;
  /** which they are: all that there are; the ones that changed last; as far as it has come */
  extent: 'all' | 'newest' | 'part';
  outcomes: Record<OutcomeKind, number>;
  /** why there is nothing to do, in `outcomes.nothing` of them */
  nothing: Record<Extract<PlanOutcome, { kind: 'nothing' }>['why'], number>;
  /** entities whose counterpart was found, and would be linked instead of created */
  adopted: number;
  /** entities with a field that both sides have changed */
  conflicts: number;
  /** target fields that something would happen to, the ones written most often first */
  fields: FieldSurvey[];
  /** what is worth a look, most frequent first */
  findings: Finding[];
  /** findings of other kinds or values than the listed ones */
  moreFindings: number;
  /** a few of each outcome, cut to what matters */
  samples: Partial<Record<OutcomeKind, EntityPlan[]>>;
  /** why it ended before its end */
  fault?: string;
}

export interface FieldSurvey {
  field: FieldId;
  name: string;
  /** entities in which it would be written: of those created, of those updated */
  created: number;
  updated: number;
  /** both sides changed it: the other side's value stays, or a person has to decide */
  kept: number;
  conflict: number;
}

/** The same thing that was found in `count` entities. */
export interface Finding {
  kind: FieldWarningKind;
  field: FieldId;
  name: string;
  /** the source's value, if it is the value that something is wrong with */
  value?: string;
  /** of the first one */
  reason: string;
  count: number;
  /** some of the entities */
  examples: Pick<EntityRef, 'key' | 'url'>[];
}

/** How far a survey is. */
export interface SurveyProgress {
  /** entities looked at so far */
  read: number;
  /** the group at work, from 0; `groups` when all are done */
  group: number;
  groups: number;
}

/** A survey under way, or one that has ended. */
export interface SurveyView {
  job: string;
  integration: string;
  /** the person's name, where people log in */
  by?: string;
  /** ISO 8601 */
  startedAt: string;
  endedAt?: string;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  sample: number | 'all';
  /** false: the integration is not deployed, so that every entity is taken for a new one */
  deployed: boolean;
  progress: SurveyProgress;
  /** what was found so far; samples and findings only when it has ended */
  survey: Survey;
  /** why it failed */
  fault?: string;
}
