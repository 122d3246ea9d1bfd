/** The rules of the integration's plan, based on the editor's own CSS variables so that every theme fits. */

import { addPreviewStyle } from '../editor/preview/style';

const ID = 'twinflow-plan-style';

const RULES = `
.twinflow-plan [hidden] { display: none !important; }
.twinflow-plan-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 0 0 8px; }
.twinflow-plan-bar label { width: auto !important; margin: 0; }
.twinflow-plan-bar select { width: auto !important; margin: 0; }
.twinflow-plan progress { flex: 1 1 120px; height: 8px; accent-color: var(--red-ui-form-input-focus-color); }
.twinflow-plan section { margin: 0 0 10px; padding: 8px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 4px; }
.twinflow-plan h4 { margin: 0; font-size: 100%; font-weight: bold; line-height: 1.4; overflow-wrap: anywhere; color: inherit; }
.twinflow-plan section section { margin: 8px 0 0; }
.twinflow-plan h5 { margin: 0; font-size: 95%; font-weight: bold; line-height: 1.4; overflow-wrap: anywhere; color: inherit; }
.twinflow-plan-small { font-size: 90%; line-height: 1.4; overflow-wrap: anywhere; }
.twinflow-plan-dim { color: var(--red-ui-secondary-text-color); }
.twinflow-plan-bad { color: var(--red-ui-text-color-error); }
.twinflow-plan-warn { color: var(--red-ui-text-color-warning); }
.twinflow-plan a { color: var(--red-ui-text-color-link); text-decoration: underline; }
.twinflow-plan details { margin: 2px 0; }
.twinflow-plan details > :not(summary) { margin-left: 14px; }
.twinflow-plan summary { cursor: pointer; line-height: 1.6; overflow-wrap: anywhere; }
.twinflow-plan summary:focus-visible, .twinflow-plan a:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-plan-count { display: inline-block; min-width: 3.5ch; padding-right: 6px; text-align: right; font-weight: bold; font-variant-numeric: tabular-nums; }
.twinflow-plan-lone { padding-left: 17px; line-height: 1.6; }
.twinflow-plan-scroll { overflow-x: auto; }
.twinflow-plan table { width: calc(100% - 14px); border-collapse: collapse; margin-top: 2px; margin-bottom: 6px; font-size: 90%; }
.twinflow-plan th, .twinflow-plan td { padding: 2px 6px 2px 0; text-align: left; vertical-align: top; font-weight: normal; line-height: 1.4; overflow-wrap: anywhere; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.twinflow-plan thead th { color: var(--red-ui-secondary-text-color); }
.twinflow-plan .twinflow-preview { border: 0; margin-bottom: 6px; }
.twinflow-plan .twinflow-preview thead th { position: static; color: inherit; }
.twinflow-plan .twinflow-plan-number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
`;

export function addPlanStyle(): void {
  addPreviewStyle();
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = RULES;
  document.head.append(style);
}
