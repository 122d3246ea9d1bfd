/** Texts shared by several forms. They are in the catalog of the system node, under `shared`. */

const CATALOG = '@twinflow/node-red-sync/twinflow-system:';

/**
 * A shared text in the editor's language.
 * @param key without the leading `shared.`, for example `select.loading`
 * @param variables replace `__name__` in the text; inserted unchanged, so show the result with `.text()`, never as HTML
 */
export function t(key: string, variables?: Record<string, unknown>): string {
  return RED._(`${CATALOG}shared.${key}`, variables);
}

/**
 * The translation of a text that comes with a connector, if the catalog of the system node has one.
 * @param fallback the default: the connector's own text
 */
export function translated(key: string, fallback: string): string {
  const full = `${CATALOG}${key}`;
  const found = RED._(full);
  return found === full || found === key ? fallback : found;
}
