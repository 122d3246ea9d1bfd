/** Texts of the preview, in the catalog of the system node, and small pieces of its page. All texts are set as text. */

import type { FieldType, Value } from '../../../lib/model/values';
import { t } from '../text';
import { differences, type ValueWords, valueText } from './values';

/** A text of the preview. Show it with `.text()`, never as HTML. */
export const p = (key: string, variables?: Record<string, unknown>): string => t(`preview.${key}`, variables);

/** More characters are shown on demand. */
const SHORT = 160;
/** Length to which common text is shortened in a comparison. */
const CONTEXT = 40;

function time(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : at.toLocaleString(RED.i18n.lang());
}

const words = (): ValueWords => ({ yes: p('yes'), no: p('no'), time });

export const asText = (value: Value | undefined, type: FieldType | undefined): string =>
  valueText(value, type, words());

const dim = (text: string): JQuery => $('<span class="twinflow-preview-dim">').text(text);

/** A button that shows the whole of something, or less of it again. */
function more(show: (whole: boolean) => void): JQuery {
  let whole = false;
  const button = $('<button type="button" class="twinflow-link">');
  const draw = (): void => {
    button.text(p(whole ? 'less' : 'more')).attr('aria-expanded', String(whole));
    show(whole);
  };
  button.on('click', () => {
    whole = !whole;
    draw();
  });
  draw();
  return button;
}

/** A value; a long one is shortened, and shown completely on demand. @param short characters */
export function shownValue(value: Value | undefined, type: FieldType | undefined, short = SHORT): JQuery {
  const text = asText(value, type);
  if (text === '') return dim(p('empty'));
  const box = $('<span class="twinflow-preview-text">');
  if (text.length <= short) return box.text(text);
  return $('<span>').append(
    box,
    ' ',
    more((whole) => {
      box.text(whole ? text : `${text.slice(0, short)}…`);
    }),
  );
}

/** The middle of common text is left out. */
function cutSame(text: string, first: boolean, last: boolean): string {
  const [head, tail] = [first ? 0 : CONTEXT, last ? 0 : CONTEXT];
  if (text.length <= head + tail + 10) return text;
  return `${text.slice(0, head)} … ${tail === 0 ? '' : text.slice(-tail)}`;
}

/** The removed and inserted parts of a text. */
export function shownDifference(before: string, after: string): JQuery {
  const box = $('<div class="twinflow-preview-diff">');
  const stretches = differences(before, after);
  const draw = (whole: boolean): void => {
    box.empty();
    stretches.forEach(({ is, text }, index) => {
      const element = is === 'same' ? $('<span>') : is === 'added' ? $('<ins>') : $('<del>');
      const ends = [index === 0, index === stretches.length - 1] as const;
      element.text(is === 'same' && !whole ? cutSame(text, ...ends) : text).appendTo(box);
    });
  };
  const isLong = stretches.some(({ is, text }) => is === 'same' && text.length > 2 * CONTEXT + 10);
  if (isLong) return $('<div>').append(box, more(draw));
  draw(true);
  return box;
}
