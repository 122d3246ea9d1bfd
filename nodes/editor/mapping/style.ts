/** Style rules of the mapper forms, made of the editor's own CSS variables. */

import { addStyle } from '../index';

const ID = 'twinflow-mapping-style';

const RULES = `
.twinflow-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 0 0 8px; }
.twinflow-bar input[type="text"] { flex: 1 1 120px; width: auto; min-width: 90px; margin: 0; }
.twinflow-bar select { width: auto; max-width: 100%; margin: 0; }
.twinflow-head > .twinflow-head-tools { flex: 0 0 64px; }
.twinflow-tool { flex: 0 0 28px; width: 28px; padding: 0 !important; text-align: center; line-height: 30px !important; }
.twinflow-tool.twinflow-quiet { visibility: hidden; }
.twinflow-tool.twinflow-error, .twinflow-tool.twinflow-error i { color: var(--red-ui-text-color-error) !important; }
.twinflow-tool.twinflow-warn, .twinflow-tool.twinflow-warn i { color: var(--red-ui-text-color-warning) !important; }
.red-ui-button.twinflow-tool:focus-visible, .twinflow-chip button:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-invalid > .twinflow-row > .twinflow-select > input[type="text"] { border-color: var(--red-ui-form-input-border-error-color) !important; }
.twinflow-more { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 6px 10px; padding: 8px 2px 4px; }
.twinflow-more[hidden] { display: none; }
.twinflow-more label { display: block; width: auto !important; margin: 0; font-size: 90%; }
.twinflow-more > .twinflow-hint { grid-column: 1 / -1; padding-left: 0; }
.twinflow-more select { width: 100% !important; margin: 2px 0 0; box-sizing: border-box; }
.twinflow-transform { grid-column: 1 / -1; }
.twinflow-transform[hidden] { display: none; }
.twinflow-transform-body { display: flex; flex-wrap: wrap; gap: 4px 6px; align-items: flex-start; margin-top: 4px; }
.twinflow-transform-body:empty { display: none; }
.twinflow-transform-body > textarea { flex: 1 1 100%; width: 100%; box-sizing: border-box; margin: 0; resize: vertical; font-family: var(--red-ui-monospace-font); font-size: 12px; }
.twinflow-transform-body > .red-ui-typedInput-container { flex: 1 1 100%; min-width: 0; }
.twinflow-transform-body > .twinflow-select { flex: 0 1 220px; width: auto; }
.twinflow-transform-help { flex: 1 1 240px; width: 0; margin: 0; font-size: 85%; line-height: 1.4; color: var(--red-ui-secondary-text-color); overflow-wrap: anywhere; }
.twinflow-transform-note { margin: 3px 0 0; font-size: 90%; line-height: 1.4; color: var(--red-ui-secondary-text-color); overflow-wrap: anywhere; }
.twinflow-transform-note.twinflow-bad { color: var(--red-ui-text-color-error); }
.twinflow-transform-note.twinflow-warning { color: var(--red-ui-text-color-warning); }
.twinflow-transform-note:empty { display: none; }
.twinflow-issues { margin: 4px 0 0; padding: 0 0 0 2px; font-size: 90%; line-height: 1.4; }
.twinflow-issues .twinflow-error { color: var(--red-ui-text-color-error); }
.twinflow-issues .twinflow-warn { color: var(--red-ui-text-color-warning); }
.twinflow-issues:empty { display: none; }
.twinflow-types { display: flex; gap: 6px; margin: 1px 70px 0 2px; font-size: 85%; color: var(--red-ui-secondary-text-color); }
.twinflow-types > span { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.twinflow-types > .twinflow-types-mid { flex: 0 0 36px; text-align: center; overflow: visible; }
.twinflow-sure { color: var(--red-ui-text-color-success); font-weight: bold; }
.twinflow-unsure { color: var(--red-ui-text-color-warning); font-weight: bold; }
.twinflow-columns { display: flex; gap: 12px; margin: 4px 0 8px; }
.twinflow-columns > div { flex: 1 1 0; min-width: 0; }
.twinflow-columns ul { list-style: none; margin: 4px 0 0; padding: 0; max-height: 160px; overflow-y: auto; }
.twinflow-columns li { line-height: 1.7; }
.twinflow-columns li > span { font-size: 85%; color: var(--red-ui-secondary-text-color); }
.twinflow-checks { display: inline-flex; flex-wrap: wrap; gap: 2px 14px; width: 70%; vertical-align: middle; }
.twinflow-checks label { width: auto !important; margin: 0; }
.twinflow-value { flex: 1 1 0; min-width: 0; display: flex; flex-wrap: wrap; gap: 4px; align-items: center; }
.twinflow-value > input, .twinflow-value > select, .twinflow-value > textarea { flex: 1 1 80px; width: 100%; min-width: 0; margin: 0; box-sizing: border-box; }
.twinflow-value > .twinflow-select { flex: 1 1 100px; width: auto; }
.twinflow-chip { display: inline-flex; align-items: center; gap: 4px; max-width: 100%; padding: 1px 2px 1px 8px; border: 1px solid var(--red-ui-form-input-border-color); border-radius: 10px; background: var(--red-ui-tertiary-background); overflow-wrap: anywhere; }
.twinflow-chip button { border: 0; background: none; color: var(--red-ui-secondary-text-color); cursor: pointer; padding: 0 4px; }
.twinflow-row > select { flex: 0 1 150px; width: auto; min-width: 70px; margin: 0; }
.twinflow-list li[hidden] { display: none !important; }
.twinflow-findings { width: 0; min-width: 100%; box-sizing: border-box; margin: 6px 0 8px; padding: 4px 8px 6px; border: 1px solid var(--red-ui-secondary-border-color); border-left: 3px solid var(--red-ui-text-color-warning); border-radius: 2px; line-height: 1.4; max-height: 190px; overflow-y: auto; }
.twinflow-findings ul { list-style: none; margin: 2px 0; padding: 0; }
.twinflow-findings li { display: flex; gap: 6px; align-items: baseline; padding: 1px 0; overflow-wrap: anywhere; }
.twinflow-findings li > i { flex: 0 0 14px; }
.twinflow-findings .twinflow-link { color: inherit; text-decoration: none; }
.twinflow-findings .twinflow-link:hover, .twinflow-findings .twinflow-link:focus { text-decoration: underline; }
.twinflow-findings .twinflow-error > i { color: var(--red-ui-text-color-error); }
.twinflow-findings .twinflow-warn > i { color: var(--red-ui-text-color-warning); }
.twinflow-findings .twinflow-note > i { color: var(--red-ui-secondary-text-color); }
.twinflow-findings-head { font-weight: bold; font-size: 90%; }
.twinflow-row > input.twinflow-domain { flex: 1 1 0; width: 0; min-width: 0; margin: 0; }
.twinflow-policies { flex-wrap: wrap; margin-top: 4px; }
.twinflow-row.twinflow-policies > select { flex: 1 1 290px; width: 290px; }
.twinflow-flash { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: -2px; }
.twinflow-fit { width: 0; min-width: 100%; }
.twinflow-row > select.twinflow-half { flex: 1 1 0; width: 0; }
.twinflow-beside { display: inline-flex; width: 70%; vertical-align: middle; }
.twinflow-sheet-name { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.twinflow-list { min-width: 0; }
.twinflow-list .red-ui-editableList-container { min-width: 0; min-height: 44px; }
.twinflow-label-full { display: block; width: auto !important; font-weight: bold; }
.twinflow-exchange { border-top: 1px solid var(--red-ui-secondary-border-color); padding-top: 8px; margin-top: 4px; }
.twinflow-exchange-body { padding: 4px 8px; margin: 0 0 8px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 4px; background: var(--red-ui-secondary-background); }
.twinflow-exchange-body[hidden] { display: none; }
.twinflow-filter-group { margin-top: 4px; }
.twinflow-row.twinflow-filter-mode > select { flex: 1 1 0; }
.twinflow-filter-group .red-ui-editableList-container { min-height: 30px; }
.twinflow-row > select.twinflow-filter-whose { flex: 0 1 110px; }
.twinflow-sub { border-top: 1px solid var(--red-ui-secondary-border-color); padding-top: 8px; }
`;

/** Adds the rules of all Twinflow widgets to the page, once. */
export function addMappingStyle(): void {
  addStyle();
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = RULES;
  document.head.append(style);
}
