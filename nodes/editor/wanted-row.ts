/** The row that the monitor page asks a mapper's form to show: a link there opens the form, and this names the row. */

const STORED = 'twinflow-row';
/** Until the editor has loaded. */
const KEPT_MS = 60_000;
const LOOK_MS = 100;
/** Then it is shown, whatever has the focus. */
const LATEST_MS = 5_000;

/** Once the form has slid in: the editor then gives the focus to its first input, and would take it from the row. */
function whenOpen(act: () => void): void {
  const began = Date.now();
  const look = (): void => {
    const isOpen = Boolean(document.activeElement?.closest('.red-ui-tray'));
    if (isOpen || Date.now() - began > LATEST_MS) setTimeout(act, LOOK_MS);
    else setTimeout(look, LOOK_MS);
  };
  look();
}

/** Shows the row, if the form was opened for one. Call it when the form's rows are there. */
export function showWantedRow(node: string, show: (row: number) => void): void {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return;
    if (!('node' in stored && 'row' in stored && 'at' in stored) || stored.node !== node) return;
    localStorage.removeItem(STORED);
    const { row, at } = stored;
    if (typeof row !== 'number' || Date.now() - Number(at) > KEPT_MS) return;
    whenOpen(() => show(row));
  } catch {
    // storage is forbidden: the form opens without showing a row
  }
}
