/** The few style rules of Twinflow's widgets, based on the editor's own CSS variables so that every theme fits. */

const ID = 'twinflow-style';

// Texts have no width of their own (width 0, at least that of the form): the editor makes a form as wide as its widest
// line, even in a window that is too narrow for it. The editor gives all tabs the same width; Twinflow's are as wide as
// their labels.
const RULES = `
.twinflow-select { position: relative; display: inline-block; width: 70%; min-width: 0; vertical-align: middle; box-sizing: border-box; }
.twinflow-select > input[type="text"] { width: 100% !important; min-width: 0; padding-right: 26px !important; margin: 0; box-sizing: border-box; text-overflow: ellipsis; }
.twinflow-select > .twinflow-select-arrow { position: absolute; right: 1px; top: 1px; bottom: 1px; width: 24px; display: flex; align-items: center; justify-content: center; border: 0; padding: 0; background: none; color: var(--red-ui-secondary-text-color); cursor: pointer; }
.twinflow-select.twinflow-disabled > .twinflow-select-arrow { visibility: hidden; }
.twinflow-popup { position: fixed; z-index: 2000; box-sizing: border-box; min-width: 180px; max-width: 92vw; max-height: 280px; display: flex; flex-direction: column; overflow: hidden; background: var(--red-ui-form-background, #fff); color: var(--red-ui-form-text-color, #202020); border: 1px solid var(--red-ui-form-input-focus-color); border-radius: 4px; box-shadow: 0 3px 10px var(--red-ui-shadow); font-family: var(--red-ui-primary-font); font-size: var(--red-ui-primary-font-size); }
.twinflow-popup ul { list-style: none; margin: 0; padding: 2px 0; overflow-y: auto; flex: 1 1 auto; min-height: 0; }
.twinflow-popup li { display: flex; align-items: baseline; gap: 8px; padding: 4px 8px; margin: 0; cursor: pointer; line-height: 1.35; color: var(--red-ui-list-item-color, inherit); }
.twinflow-popup li:hover { background: var(--red-ui-list-item-background-hover); }
.twinflow-popup li.twinflow-active { background: var(--red-ui-list-item-background-selected); box-shadow: inset 3px 0 0 var(--red-ui-form-input-focus-color); }
.twinflow-popup li[aria-disabled="true"] { opacity: .55; cursor: default; }
.twinflow-popup .twinflow-item-name { flex: 1 1 auto; overflow-wrap: anywhere; }
.twinflow-popup li[aria-selected="true"] .twinflow-item-name { font-weight: bold; }
.twinflow-popup .twinflow-item-detail { flex: 0 0 auto; max-width: 45%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 85%; color: var(--red-ui-list-item-secondary-color, var(--red-ui-secondary-text-color)); }
.twinflow-popup .twinflow-popup-note { padding: 6px 8px; font-size: 90%; color: var(--red-ui-secondary-text-color); overflow-wrap: anywhere; }
.twinflow-popup .twinflow-popup-note:empty { display: none; }
.twinflow-popup .twinflow-popup-note.twinflow-bad { color: var(--red-ui-text-color-error); }
.twinflow-popup .twinflow-popup-note button { margin-left: 8px; }
.twinflow-direction { min-width: 36px; padding: 0 6px !important; font-size: 16px; line-height: 30px; text-align: center; }
.red-ui-button.twinflow-direction:focus-visible, .twinflow-select-arrow:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-hint { display: block; box-sizing: border-box; width: 0; min-width: 100%; margin: 2px 0 0; padding-left: 104px; font-size: 90%; line-height: 1.35; color: var(--red-ui-secondary-text-color); }
.twinflow-intro { width: 0; min-width: 100%; margin: 0 0 8px; font-size: 90%; line-height: 1.4; color: var(--red-ui-secondary-text-color); }
.twinflow-message { width: 0; min-width: 100%; margin: 6px 0; line-height: 1.4; overflow-wrap: anywhere; }
.twinflow-message:empty { display: none; }
.twinflow-message.twinflow-bad { color: var(--red-ui-text-color-error); }
.twinflow-message.twinflow-warning { color: var(--red-ui-text-color-warning); }
.twinflow-message.twinflow-good { color: var(--red-ui-text-color-success); }
.twinflow-message ul { margin: 2px 0 2px 20px; }
.twinflow-row { display: flex; align-items: center; gap: 6px; min-width: 0; }
.twinflow-row > .twinflow-select { flex: 1 1 0; width: auto; }
.twinflow-row > .twinflow-direction { flex: 0 0 auto; }
.twinflow-head { display: flex; gap: 6px; font-weight: bold; font-size: 90%; }
.twinflow-head > span { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.twinflow-head > .twinflow-head-gap { flex: 0 0 36px; }
.twinflow-link { border: 0; padding: 0 2px; background: none; color: var(--red-ui-text-color-link); cursor: pointer; font: inherit; text-decoration: underline; overflow-wrap: anywhere; text-align: left; }
.twinflow-link:hover { text-decoration: none; }
.twinflow-link:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-pairs-head { min-height: 26px; }
.twinflow-fold { margin: 0 0 8px; padding: 4px 0; border-top: 1px solid var(--red-ui-secondary-border-color); }
.twinflow-fold > summary { padding: 4px 0; margin-bottom: 4px; cursor: pointer; font-weight: bold; }
.twinflow-fold > summary:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-tabs > li.red-ui-tab { width: auto !important; }
.twinflow-tabs > li.red-ui-tab > a.red-ui-tab-label { padding-right: 12px; }
.twinflow-parts { min-width: 0; margin: 0 0 8px; padding: 4px 8px 6px; border: 1px solid var(--red-ui-form-input-border-color); border-radius: 4px; }
.twinflow-parts > legend { width: auto; margin: 0; padding: 0 4px; border: 0; font-size: inherit; line-height: inherit; font-weight: bold; color: inherit; }
.twinflow-part-rules { margin: 4px 0 2px 20px; }
.twinflow-part-rules > label { width: auto; margin: 0 0 4px; }
.twinflow-part-rules > label.twinflow-row { display: flex; }
.twinflow-part-rules > label.twinflow-row > span { flex: 0 1 170px; }
.twinflow-part-rules > label.twinflow-row > select { flex: 1 1 0; width: 0; min-width: 0; margin: 0; }
.twinflow-part-fields { margin: 4px 0 2px 20px; }
.twinflow-part-fields > summary { cursor: pointer; }
.twinflow-part-fields > summary:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-part-fields table { border-collapse: collapse; margin: 4px 0; font-size: 90%; line-height: 1.4; }
.twinflow-part-fields th, .twinflow-part-fields td { padding: 2px 10px 2px 0; text-align: left; vertical-align: top; font-weight: normal; overflow-wrap: anywhere; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.twinflow-part-fields thead th { font-weight: bold; }
.twinflow-part-fields tr.twinflow-part-idle > * { color: var(--red-ui-secondary-text-color); }
.twinflow-inline { display: inline-block; width: auto !important; margin: 0 6px 0 0 !important; vertical-align: middle; }
`;

/** Adds Twinflow's rules to the page, once. Call it first in `oneditprepare` of a form that uses its widgets. */
export function addStyle(): void {
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = RULES;
  document.head.append(style);
}
