/**
 * What a create leaves to be done: a process lets new work items begin in few states, and fills fields that are to be empty.
 * One update does both, based on the revision that the create made.
 */

import type { FieldId } from '../../model/values';
import type { Request } from './batch';
import { STATE } from './field-types';
import type { RawWorkItem } from './shapes';

/** What is still to be done to a new work item. */
export interface Second<Task> {
  task: Task;
  item: RawWorkItem;
  state: string | undefined;
  /** fields whose default is taken away */
  emptied: FieldId[];
  /** fields whose default stays → why */
  ignored: Record<FieldId, string>;
}

export const isFilled = ({ fields }: RawWorkItem, id: FieldId): boolean =>
  fields[id] !== undefined && fields[id] !== null && fields[id] !== '';
export const shownOf = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? '';
export const keptDefault = (name: string, value: unknown): string =>
  `${name} is empty at the source, but Azure DevOps wants a value and keeps its default ${shownOf(value)}`;

export function secondRequest({ item, state, emptied }: Omit<Second<unknown>, 'task'>): Request {
  return {
    about: `Work item ${item.id}`,
    path: `_apis/wit/workitems/${item.id}`,
    create: false,
    operations: [
      { op: 'test', path: '/rev', value: item.rev },
      ...(state === undefined ? [] : [{ op: 'add' as const, path: `/fields/${STATE}`, value: state }]),
      ...emptied.map((id) => ({ op: 'remove' as const, path: `/fields/${id}` })),
    ],
  };
}
