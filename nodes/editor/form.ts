/** Small helpers for forms: inputs of the open dialog, messages that are read out. */

/** The ids that the editor gives its inputs. */
export type Prefix = 'node-input' | 'node-config-input';

/** The input of a property in the open form. */
export const input = (prefix: Prefix, property: string): JQuery => $(`#${prefix}-${property}`);

/**
 * What a property will be: while the node's own form is open and has an input for it, what stands there; else what is
 * saved. Validators need it, since the editor hands them one input's value at a time.
 */
export function present(node: EditorNode, prefix: Prefix, property: string): unknown {
  const edited = RED.editor.getEditStack().at(-1);
  const field = edited?.id === node.id ? input(prefix, property) : undefined;
  return field && field.length > 0 ? field.val() : node[property];
}

/**
 * What stands in a number input, as a number; undefined where it is none. Call it in `oneditsave` and store the result:
 * the editor would save a text, but leaves a value alone that equals the input's text.
 */
export function entered(prefix: Prefix, property: string): number | undefined {
  const typed = String(input(prefix, property).val() ?? '').trim();
  return typed !== '' && Number.isFinite(Number(typed)) ? Number(typed) : undefined;
}

export type Tone = 'plain' | 'good' | 'warning' | 'bad';

/** Shows a sentence, and a list below it, in an element with `aria-live`. An empty text clears it. */
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

/** What a thrown thing says to people. */
export const words = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Options of a `<select>`; the chosen one is added if it isn't among them, so that nothing saved is lost. */
export function fillSelect(select: JQuery, options: { value: string; label: string }[], chosen: string): void {
  const known = options.some(({ value }) => value === chosen) || chosen === '';
  select.empty();
  for (const { value, label } of known ? options : [...options, { value: chosen, label: chosen }])
    $('<option>').attr('value', value).text(label).appendTo(select);
  select.val(chosen);
}
