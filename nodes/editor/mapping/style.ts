/** Style rules of the mapper forms, made of the editor's own CSS variables. */

import { addStyle } from '../index';

const ID = 'twinflow-mapping-style';

const RULES = `
.twinflow-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 0 0 8px; }
.twinflow-bar input[type="text"] { flex: 1 1 120px; width: auto; min-width: 90px; margin: 0; }
.twinflow-bar select { width: auto; max-width: 100%; margin: 0; }
.twinflow-top { display: flex; flex-wrap: wrap; gap: 6px; align-items: flex-start; width: 0; min-width: 100%; margin: 0 0 6px; }
.twinflow-setup, .twinflow-top > .twinflow-preview { flex: 1 1 0; min-width: 0; box-sizing: border-box; margin: 0; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 4px; }
.twinflow-setup { flex-grow: 2; }
.twinflow-setup[open], .twinflow-top > .twinflow-preview.twinflow-open { flex-basis: 100%; }
.twinflow-top > .twinflow-preview.twinflow-open { order: 1; }
.twinflow-setup > summary { padding: 5px 8px; cursor: pointer; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.twinflow-setup > .form-row, .twinflow-setup > div { padding: 0 8px; }
.twinflow-setup-chosen { margin-left: 8px; font-size: 90%; color: var(--red-ui-secondary-text-color); }
.twinflow-setup-open .twinflow-setup-chosen { color: var(--red-ui-text-color-warning); }
.twinflow-top .twinflow-preview-toggle { white-space: nowrap; overflow: hidden; }
.twinflow-top .twinflow-preview-toggle > span { overflow: hidden; text-overflow: ellipsis; }
.twinflow-top > .twinflow-tool { height: 32px; }
.twinflow-top > .twinflow-tool[aria-pressed="true"] { background: var(--red-ui-workspace-button-background-selected, var(--red-ui-secondary-background-selected)); box-shadow: inset 0 -2px 0 var(--red-ui-form-input-focus-color); }
.twinflow-head > .twinflow-head-tools { flex: 0 0 calc(104px - 24px); }
.twinflow-list .red-ui-editableList-list > li { padding: 1px 0; min-height: 0; }
.twinflow-list .red-ui-editableList-list > li .red-ui-editableList-item-content { margin-top: 0; margin-bottom: 0; }
.twinflow-list .twinflow-row > *, .twinflow-list .twinflow-row input[type], .twinflow-list .twinflow-row select { height: 28px; min-height: 28px; box-sizing: border-box; padding-top: 2px; padding-bottom: 2px; }
.twinflow-list .twinflow-row .twinflow-select, .twinflow-list .twinflow-row .twinflow-value { padding: 0; }
.twinflow-list .twinflow-row .red-ui-button { line-height: 24px !important; }
.twinflow-list .twinflow-row .twinflow-value, .twinflow-list .twinflow-row > label { height: auto; }
.twinflow-list .twinflow-more select, .twinflow-list .twinflow-more input { height: 34px; }
.twinflow-list { margin-bottom: 6px; }
.twinflow-kind { position: relative; flex: 0 0 18px; height: auto !important; min-height: 0 !important; text-align: center; font-size: 12px; color: var(--red-ui-secondary-text-color); }
.twinflow-kind-mark { position: absolute; right: -2px; top: -4px; font-size: 10px; font-weight: bold; color: var(--red-ui-text-color-warning); }
.twinflow-badge { flex: 0 0 38px; text-align: center; font-size: 85%; line-height: 24px; white-space: nowrap; color: var(--red-ui-secondary-text-color); }
.twinflow-tool[data-count] { position: relative; }
.twinflow-tool[data-count]::after { content: attr(data-count); position: absolute; right: 1px; top: 1px; font-size: 9px; line-height: 10px; font-weight: bold; }
.twinflow-tool.twinflow-set i { color: var(--red-ui-text-color-link); }
.twinflow-row > select.twinflow-side { flex: 0 1 130px; width: 130px; }
.twinflow-values-tables > .twinflow-row { flex: 1 1 0; }
.twinflow-values-tables label { flex: 0 0 auto; width: auto !important; margin: 0; }
.twinflow-values-tables > .twinflow-row > select { flex: 1 1 0; width: 0; }
.twinflow-constant { flex: 1 1 0; padding: 0 !important; }
.twinflow-state { display: flex; flex-wrap: wrap; gap: 0 14px; width: 0; min-width: 100%; }
.twinflow-state > .twinflow-message { flex: 1 1 100%; margin: 0 0 4px; max-height: 60px; overflow-y: auto; }
.twinflow-state > .twinflow-message.twinflow-good { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 90%; }
.twinflow-grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 4px 12px; margin: 0 0 6px; }
.twinflow-grid > .form-row { display: flex; align-items: center; margin: 0; }
.twinflow-grid > .form-row > label { flex: 0 0 100px; }
.twinflow-grid > .form-row > select { flex: 1 1 0; width: 0 !important; min-width: 0; margin: 0; }
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
.twinflow-findings { width: 0; min-width: 100%; box-sizing: border-box; margin: 0 0 6px; padding: 2px 8px; border: 1px solid var(--red-ui-secondary-border-color); border-left: 3px solid var(--red-ui-text-color-warning); border-radius: 2px; line-height: 1.4; max-height: 190px; overflow-y: auto; }
.twinflow-findings summary { display: flex; gap: 6px; align-items: baseline; cursor: pointer; white-space: nowrap; overflow: hidden; }
.twinflow-findings summary:focus-visible, .twinflow-setup summary:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: -1px; }
.twinflow-findings .twinflow-findings-worst { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; font-size: 90%; color: var(--red-ui-secondary-text-color); }
.twinflow-findings details[open] .twinflow-findings-worst { visibility: hidden; }
.twinflow-findings .twinflow-error > summary > i { color: var(--red-ui-text-color-error); }
.twinflow-findings .twinflow-warn > summary > i { color: var(--red-ui-text-color-warning); }
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
