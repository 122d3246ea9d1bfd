/** Small helpers for forms: inputs of the open dialog, and messages for screen readers. */

/** The ids that the editor gives its inputs. */
export type Prefix = 'node-input' | 'node-config-input';

/** The input of a property in the open form. */
export const input = (prefix: Prefix, property: string): JQuery => $(`#${prefix}-${property}`);

/**
 * The future value of a property: the input's value while the node's own form is open and has one, otherwise the saved
 * value. Validators need it, because the editor passes them one input's value at a time.
 */
export function present(node: EditorNode, prefix: Prefix, property: string): unknown {
  const edited = RED.editor.getEditStack().at(-1);
  const field = edited?.id === node.id ? input(prefix, property) : undefined;
  return field && field.length > 0 ? field.val() : node[property];
}

/**
 * The content of a number input as a number; undefined if it is not a number. Call it in `oneditsave` and store the
 * result: the editor would save a text, but does not change a value that equals the input's text.
 */
export function entered(prefix: Prefix, property: string): number | undefined {
  const typed = String(input(prefix, property).val() ?? '').trim();
  return typed !== '' && Number.isFinite(Number(typed)) ? Number(typed) : undefined;
}

export type Tone = 'plain' | 'good' | 'warning' | 'bad';

/**
 * Draws the content of a box again, and leaves it as it is if it would be the same: a check that ends while a button is being
 * pressed, or has the focus, would take it away.
 */
export function redraw(box: JQuery, draw: (fresh: JQuery) => void): void {
  const fresh = $('<div>');
  draw(fresh);
  if (fresh.html() !== box.html()) box.empty().append(fresh.contents());
}

/** Shows a sentence, followed by a list, in an element with `aria-live`. An empty text clears it. */
export function say(target: JQuery, tone: Tone, sentence: string, points: string[] = []): void {
  target.empty().removeClass('twinflow-good twinflow-warning twinflow-bad').addClass('twinflow-message');
  if (tone !== 'plain') target.addClass(`twinflow-${tone}`);
  if (sentence === '') return;
  $('<span>').text(sentence).appendTo(target);
  if (points.length > 0) {
    const list = $('<ul>').appendTo(target);
    for (const point of points) $('<li>').text(point).appendTo(list);
  }
}

/** The message of anything thrown, for users. */
export const words = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Options of a `<select>`. The selected one is added if it is missing, so that nothing saved is lost. */
export function fillSelect(select: JQuery, options: { value: string; label: string }[], chosen: string): void {
  const known = options.some(({ value }) => value === chosen) || chosen === '';
  select.empty();
  for (const { value, label } of known ? options : [...options, { value: chosen, label: chosen }])
    $('<option>').attr('value', value).text(label).appendTo(select);
  select.val(chosen);
}
