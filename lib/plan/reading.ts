/** A connection that can only be read from: a plan never writes, whatever it is given. */

import type { Connection } from '../connectors/connector';

export type ReadingConnection = Pick<Connection, 'read' | 'fields' | 'users' | 'find' | 'byKey'>;

/** A view of the connection that has nothing else, at run time too. */
export function readingOnly(connection: ReadingConnection): ReadingConnection {
  return {
    read: (scope, ids) => connection.read(scope, ids),
    fields: (project, type) => connection.fields(project, type),
    ...(connection.users && { users: connection.users.bind(connection) }),
    ...(connection.find && { find: connection.find.bind(connection) }),
    ...(connection.byKey && { byKey: connection.byKey.bind(connection) }),
  };
}
