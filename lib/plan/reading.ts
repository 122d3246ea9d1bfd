/** A connection that can only be read from: a plan never writes, whatever it is given. */

import type { Connection } from '../connectors/connector';

export type ReadingConnection = Pick<
  Connection,
  | 'read'
  | 'parts'
  | 'fileRules'
  | 'fields'
  | 'users'
  | 'mentions'
  | 'pictures'
  | 'find'
  | 'keepsMarkers'
  | 'markersOf'
  | 'byKey'
  | 'identify'
  | 'queries'
>;

/** A view of the connection that has nothing else, at run time too. */
export function readingOnly(connection: ReadingConnection): ReadingConnection {
  return {
    identify: () => connection.identify(),
    read: (scope, ids) => connection.read(scope, ids),
    fields: (project, type) => connection.fields(project, type),
    ...(connection.keepsMarkers && { keepsMarkers: connection.keepsMarkers }),
    ...(connection.parts && { parts: connection.parts.bind(connection) }),
    ...(connection.fileRules && { fileRules: connection.fileRules.bind(connection) }),
    ...(connection.users && { users: connection.users.bind(connection) }),
    ...(connection.mentions && { mentions: connection.mentions }),
    ...(connection.pictures && { pictures: connection.pictures }),
    ...(connection.queries && { queries: connection.queries }),
    ...(connection.find && { find: connection.find.bind(connection) }),
    ...(connection.markersOf && { markersOf: connection.markersOf.bind(connection) }),
    ...(connection.byKey && { byKey: connection.byKey.bind(connection) }),
  };
}
