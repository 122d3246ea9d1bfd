/** Texts shared by the forms of filter and mappers. They are in the catalog of the field mapper, under `mapping`. */

const CATALOG = '@twinflow/node-red-sync/twinflow-field-mapper:';

/** A shared text in the editor's language. Show the result with `.text()`, never as HTML. */
export const m = (key: string, variables?: Record<string, unknown>): string =>
  RED._(`${CATALOG}mapping.${key}`, variables);
