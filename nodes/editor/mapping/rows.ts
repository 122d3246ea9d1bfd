/** Rows of an editable list, with the form's data of each. */

/** True while the form is on the page: a later answer has nothing to update. */
export const isShown = (list: JQuery): boolean => list[0]?.isConnected === true;

/** The rows' data in the order shown, without a row that is fading out after its removal. */
export const rowsOf = <Row extends object>(list: JQuery): Row[] =>
  list
    .editableList('items')
    .toArray()
    .filter((element) => $(element).closest('.red-ui-editableList-item-deleting').length === 0)
    .flatMap((element) => {
      const row: unknown = $(element).data('data');
      // the list contains only rows of this kind
      return typeof row === 'object' && row !== null ? [row as Row] : [];
    });

/** Calls a function once after a burst of changes, unless the form has been closed. */
export function soon(list: JQuery, action: () => void, ms = 40): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => isShown(list) && action(), ms);
  };
}

const FLASH_MS = 1_200;

/** Highlights a row for a moment. */
export function flash(container: JQuery): void {
  const row = container.closest('li').addClass('twinflow-flash');
  setTimeout(() => row.removeClass('twinflow-flash'), FLASH_MS);
}

/** A small button with an icon and an accessible name. */
export function toolButton(icon: string, label: string, onPress: () => void): JQuery {
  return $('<button type="button" class="red-ui-button twinflow-tool">')
    .append($('<i aria-hidden="true">').addClass(`fa ${icon}`))
    .attr({ 'aria-label': label, title: label })
    .on('click', (event) => {
      event.preventDefault();
      onPress();
    });
}

/** A labelled `<select>` for the second line of a row. */
export function labelledSelect(
  container: JQuery,
  label: string,
  options: { value: string; label: string }[],
  value: string,
  onChange: (value: string) => void,
): JQuery {
  const select = $('<select>');
  for (const option of options) $('<option>').attr('value', option.value).text(option.label).appendTo(select);
  select.val(value).on('change', () => onChange(String(select.val() ?? '')));
  $('<label>').append($('<span>').text(label), select).appendTo(container);
  return select;
}
