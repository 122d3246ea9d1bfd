/**
 * The first line of a mapper's form: what is set once (name, integration, types) is folded into one line, beside the
 * preview and a button that widens the form. So the rows, which are worked on, get the room.
 */

import type { MappingScope } from './scope';
import { m } from './text';

const STORED = 'twinflow-wide';
/** Of a form that is not widened, in pixels: one line holds two fields, their types and the row's buttons. */
const USUAL_WIDTH = 660;
/** Between the form's content and the edges of the tray, in pixels. */
const EDGES = 62;

const isWide = (): boolean => {
  try {
    return localStorage.getItem(STORED) === 'true';
  } catch {
    return false;
  }
};

function remember(wide: boolean): void {
  try {
    localStorage.setItem(STORED, String(wide));
  } catch {
    // storage is forbidden: the next form has its usual width
  }
}

/** The width that a form can have beside the sidebar, in pixels. */
const available = (): number => ($('#red-ui-editor-stack').position()?.left ?? USUAL_WIDTH) - 8;

const contentWidth = (wide: boolean): number =>
  Math.min(available() - EDGES, wide ? Number.POSITIVE_INFINITY : USUAL_WIDTH);

function wideButton(box: JQuery): JQuery {
  let wide = isWide();
  const button = $('<button type="button" class="red-ui-button twinflow-tool">')
    .append('<i class="fa fa-arrows-h" aria-hidden="true"></i>')
    .attr({ 'aria-label': m('top.wide'), title: m('top.wide'), 'aria-pressed': String(wide) });
  // the editor makes a form as wide as its widest content; it measures when the form is built
  const sizer = $('<div aria-hidden="true">').width(contentWidth(wide)).insertBefore(box);
  return button.on('click', () => {
    wide = !wide;
    remember(wide);
    button.attr('aria-pressed', String(wide));
    const tray = box.closest('.red-ui-tray');
    sizer.width(contentWidth(wide));
    // it holds the form at the width at which it was opened
    box.closest('.red-ui-tray-body').css('min-width', 0);
    tray.width(contentWidth(wide) + EDGES);
  });
}

export interface TopOptions {
  scope: MappingScope;
  /** the element that has the scope's inputs */
  scopeBox: JQuery;
  preview: JQuery;
}

/** Rebuilds the top of the open form. The inputs stay the same elements. */
export function foldTop({ scope, scopeBox, preview }: TopOptions): void {
  const rows = $('#node-input-name, #node-input-integration').closest('.form-row');
  const chosen = $('<span class="twinflow-setup-chosen">');
  const summary = $('<summary>').append($('<b>').text(m('top.setup')), chosen);
  const setup = $('<details class="twinflow-setup">').append(summary);
  const box = $('<div class="twinflow-top">').insertBefore(rows.first());
  setup.append(rows, scopeBox);
  box.append(setup, preview, wideButton(box));
  const draw = (): void => {
    const text = scope.summary();
    chosen.text(text ?? m('top.open')).attr('title', text ?? '');
    setup.toggleClass('twinflow-setup-open', text === undefined);
  };
  setup.on('change', draw);
  draw();
  setup.prop('open', scope.summary() === undefined);
}
