/** A tracker of the workbench that declares more of its fields. */

import type { Connection } from '../../lib/connectors/connector';
import type { Field } from '../../lib/model/entity';
import type { Tracker } from '../engine/workbench';

/** @param fields in the place of the tracker's own declarations of the same id */
export function declares(tracker: Tracker, fields: Field[], more: Partial<Connection> = {}): void {
  const connect = tracker.connection.bind(tracker);
  tracker.connection = () => {
    const connection = connect();
    return {
      ...connection,
      fields: async (project, type) => {
        const own = await connection.fields(project, type);
        return [...own.filter(({ id }) => !fields.some((field) => field.id === id)), ...fields];
      },
      ...more,
    };
  };
}
