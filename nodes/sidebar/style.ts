/** The rules of the sidebar, based on the editor's own CSS variables so that every theme fits. */

const ID = 'twinflow-sidebar-style';

const RULES = `
.twinflow-side { height: 100%; overflow-y: auto; box-sizing: border-box; padding: 8px; color: var(--red-ui-primary-text-color); background: var(--red-ui-secondary-background); line-height: 1.4; }
.twinflow-side h3 { display: flex; align-items: center; gap: 6px; margin: 0; font-size: 100%; line-height: 1.4; font-weight: bold; color: inherit; overflow-wrap: anywhere; }
.twinflow-side h3 > span:first-child { flex: 1 1 auto; min-width: 0; }
.twinflow-side-box { margin: 0 0 10px; padding: 8px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 4px; }
.twinflow-side-chip { flex: 0 0 auto; padding: 0 7px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 9px; font-weight: normal; font-size: 85%; }
.twinflow-side-chip.twinflow-side-warn { color: inherit; border-color: var(--red-ui-text-color-warning); border-width: 2px; }
.twinflow-side-head > :last-child { white-space: nowrap; }
.twinflow-side-good { color: var(--red-ui-text-color-success); }
.twinflow-side-bad { color: var(--red-ui-text-color-error); }
.twinflow-side-warn { color: var(--red-ui-text-color-warning); }
.twinflow-side-dim { color: var(--red-ui-secondary-text-color); }
.twinflow-side-small { font-size: 90%; }
.twinflow-side-system { margin-top: 6px; overflow-wrap: anywhere; }
.twinflow-side-line { overflow-wrap: anywhere; }
.twinflow-side-line:empty { display: none; }
.twinflow-side-buttons { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 6px; }
.twinflow-side .red-ui-button:focus-visible, .twinflow-side a:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.twinflow-side ol.twinflow-side-list { list-style: none; margin: 6px 0 0; padding: 0; }
.twinflow-side-list > li { margin: 0; padding: 6px 0; border-top: 1px solid var(--red-ui-secondary-border-color); }
.twinflow-side-head { display: flex; align-items: baseline; gap: 6px; }
.twinflow-side-head > .twinflow-side-key { flex: 1 1 auto; min-width: 0; overflow-wrap: anywhere; font-weight: bold; }
.twinflow-side-text { overflow-wrap: anywhere; }
.twinflow-side-detail { margin-top: 6px; }
.twinflow-side-detail table { width: 100%; table-layout: fixed; border-collapse: collapse; margin: 4px 0; font-size: 90%; }
.twinflow-side-detail th, .twinflow-side-detail td { padding: 2px 4px; text-align: left; vertical-align: top; overflow-wrap: anywhere; border-bottom: 1px solid var(--red-ui-secondary-border-color); font-weight: normal; }
.twinflow-side-detail th[scope="row"] { width: 35%; color: var(--red-ui-secondary-text-color); }
.twinflow-side-value { display: block; max-height: 8em; overflow-y: auto; white-space: pre-wrap; }
.twinflow-side-detail pre { margin: 2px 0 6px; padding: 4px; max-height: 12em; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 85%; color: inherit; background: var(--red-ui-primary-background); border: 1px solid var(--red-ui-secondary-border-color); }
.twinflow-side-form label { display: block; margin: 6px 0 0; font-size: 90%; width: auto; }
.twinflow-side-form input[type="text"], .twinflow-side-form input[type="number"], .twinflow-side-form input[type="date"], .twinflow-side-form textarea, .twinflow-side-form select, .twinflow-side-search { width: 100% !important; box-sizing: border-box; margin: 2px 0 0 !important; }
.twinflow-side-form .twinflow-select { width: 100%; }
.twinflow-side-form textarea { min-height: 5em; resize: vertical; }
.twinflow-side-field { margin-bottom: 4px; }
.red-ui-tray-footer-left .twinflow-monitor-link { margin-left: 10px; line-height: 30px; }
`;

export function addSidebarStyle(): void {
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = RULES;
  document.head.append(style);
}
