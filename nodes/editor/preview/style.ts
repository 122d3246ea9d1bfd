/** The rules of the preview, made of the editor's own CSS variables so that every theme fits. */

const ID = 'twinflow-preview-style';

const RULES = `
.twinflow-preview { box-sizing: border-box; margin: 0 0 10px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 4px; }
.twinflow-preview-toggle { display: flex; width: 100%; align-items: baseline; gap: 6px; padding: 5px 8px; border: 0; border-radius: 4px; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
.twinflow-preview-toggle > i { width: 12px; }
.twinflow-preview-toggle > span { color: var(--red-ui-secondary-text-color); font-size: 90%; }
.twinflow-preview-toggle:hover { background: var(--red-ui-list-item-background-hover); }
.twinflow-preview-toggle:focus-visible, .twinflow-preview .red-ui-button:focus-visible, .twinflow-preview-scroll:focus-visible, .twinflow-preview a:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-preview a { color: var(--red-ui-text-color-link); text-decoration: underline; }
.twinflow-preview-body { padding: 2px 8px 8px; }
.twinflow-preview-body[hidden] { display: none; }
.twinflow-preview-ask { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.twinflow-preview-ask > select { flex: 1 1 150px; width: auto; min-width: 0; margin: 0; }
.twinflow-preview-ask > input[type="text"] { flex: 1 1 110px; width: auto; min-width: 0; margin: 0; }
.twinflow-preview-latest { width: 0; min-width: 100%; margin-top: 6px; font-size: 90%; line-height: 1.6; color: var(--red-ui-secondary-text-color); }
.twinflow-preview-latest:empty { display: none; }
.twinflow-preview-outcome { font-weight: bold; }
.twinflow-preview ul.twinflow-preview-notes { box-sizing: border-box; width: 0; min-width: 100%; margin: 4px 0 0; padding: 0 0 0 16px; font-size: 90%; line-height: 1.4; color: var(--red-ui-secondary-text-color); overflow-wrap: anywhere; }
.twinflow-preview-notes:empty { display: none; }
.twinflow-preview-scroll { max-height: 46vh; overflow: auto; margin-top: 6px; }
.twinflow-preview-scroll[hidden] { display: none; }
.twinflow-preview table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 90%; line-height: 1.4; }
.twinflow-preview th, .twinflow-preview td { padding: 4px 6px 4px 0; text-align: left; vertical-align: top; font-weight: normal; overflow-wrap: anywhere; border-top: 1px solid var(--red-ui-secondary-border-color); }
.twinflow-preview thead th { border-top: 0; font-weight: bold; position: sticky; top: 0; background: var(--red-ui-form-background, var(--red-ui-secondary-background)); }
.twinflow-preview col.twinflow-preview-from { width: 31%; }
.twinflow-preview col.twinflow-preview-to { width: 24%; }
.twinflow-preview-name { font-weight: bold; }
.twinflow-preview-dim { color: var(--red-ui-secondary-text-color); }
.twinflow-preview-text { white-space: pre-wrap; }
.twinflow-preview-diff { max-height: 14em; overflow: auto; white-space: pre-wrap; }
.twinflow-preview ins { text-decoration: none; color: var(--red-ui-text-color-success); font-weight: bold; }
.twinflow-preview del { color: var(--red-ui-text-color-error); }
.twinflow-preview-now { font-weight: bold; }
.twinflow-preview-warning { color: var(--red-ui-text-color-warning); }
.twinflow-preview-bad { color: var(--red-ui-text-color-error); }
.twinflow-preview ul.twinflow-preview-criteria { list-style: none; margin: 6px 0 0; padding: 0; font-size: 90%; line-height: 1.5; overflow-wrap: anywhere; width: 0; min-width: 100%; }
.twinflow-preview-criteria:empty { display: none; }
.twinflow-preview-criteria .fa-check { color: var(--red-ui-text-color-success); }
.twinflow-preview-criteria .fa-times { color: var(--red-ui-text-color-error); }
`;

/** Adds the rules to the page, once. */
export function addPreviewStyle(): void {
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = RULES;
  document.head.append(style);
}
