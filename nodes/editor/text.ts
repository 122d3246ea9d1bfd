/** Texts that several forms share. They stand in the catalog of the system node, under `shared`. */

const CATALOG = '@twinflow/node-red-sync/twinflow-system:';

/**
 * A shared text in the editor's language.
 * @param key without the leading `shared.`, e.g. `select.loading`
 * @param variables stand in the text as `__name__`; inserted as they are, so show the result with `.text()`, never as HTML
 */
export function t(key: string, variables?: Record<string, unknown>): string {
  return RED._(`${CATALOG}shared.${key}`, variables);
}

/**
 * The translation of a text that comes with a connector, where the catalog of the system node has one.
 * @param preset what is shown otherwise: the connector's own words
 */
export function translated(key: string, preset: string): string {
  const full = `${CATALOG}${key}`;
  const found = RED._(full);
  return found === full || found === key ? preset : found;
}
