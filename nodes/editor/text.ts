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
