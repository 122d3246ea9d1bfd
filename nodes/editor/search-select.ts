/**
 * A drop-down with search, after the ARIA pattern of a combobox with a list box:
 * https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 *
 * It shows the saved name whatever happens to its system. It loads its list when first opened, and shows inside the
 * list that it is loading or why it could not, with a button to try again. The list is attached to the page's body, so
 * that it is not cut off in a list row or a narrow tray. All texts are set as text, never as HTML.
 */

import { append } from '../../lib/model/lists';
import { matching, plain, type SearchItem } from './matching';
import { addStyle } from './style';
import { t } from './text';

export type { SearchItem } from './matching';

/** Further options are not drawn; the list says so and asks for more typing. */
const DRAWN = 200;
const TYPING_MS = 250;

export interface SearchSelectOptions<Data = unknown> {
  /**
   * Called when the list opens, again after `reload`, and with `remote` for every typed text (after a pause). A
   * rejection's message is shown to the user.
   */
  load: (search: string) => Promise<SearchItem<Data>[]>;
  /** the system searches; if absent, the list is loaded once and filtered here */
  remote?: boolean;
  value?: SearchItem<Data>;
  placeholder?: string;
  /** accessible name, if no <label for> belongs to the input */
  label?: string;
  /** any text is allowed; it is returned as `{ id: text, name: text }` */
  freeText?: boolean;
  /** offered as the first entry; selecting it makes the value undefined. Text = its name, for example "none" */
  empty?: string;
  onChange?: (item: SearchItem<Data> | undefined) => void;
}

export interface SearchSelect<Data = unknown> {
  /** the whole widget */
  element: JQuery;
  input: JQuery;
  value(): SearchItem<Data> | undefined;
  /** shows another value; `onChange` is not called */
  set(item: SearchItem<Data> | undefined): void;
  /** discards the list: it is loaded again when next opened, or at once if it is open */
  reload(): void;
  disable(disabled: boolean): void;
  /** Removes the list from the page. Called automatically when the input leaves the page. */
  destroy(): void;
}

type State<Data> =
  | { is: 'idle' }
  | { is: 'loading' }
  | { is: 'failed'; message: string }
  | { is: 'loaded'; items: SearchItem<Data>[]; search: string };

let counter = 0;

/**
 * Turns a text input into the drop-down.
 * @param input an `<input type="text">`; keeps its id, so that a `<label for>` stays with it
 */
export function searchSelect<Data = unknown>(input: JQuery, options: SearchSelectOptions<Data>): SearchSelect<Data> {
  addStyle();
  counter += 1;
  const listId = `twinflow-list-${counter}`;
  let chosen = options.value;
  let state: State<Data> = { is: 'idle' };
  let shown: (SearchItem<Data> | 'empty')[] = [];
  let active = -1;
  let popup: JQuery | undefined;
  let typed = false;
  /** the active entry was reached with the arrow keys: Enter selects it, whatever is typed */
  let pointed = false;
  /** typing has ended and the list of that text is still loading: decided when it has arrived */
  let waiting: 'enter' | 'leave' | undefined;
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const element = $('<span class="twinflow-select">');
  input.before(element);
  element.append(input);
  const arrow = $('<button type="button" class="twinflow-select-arrow" tabindex="-1" aria-hidden="true">')
    .append('<i class="fa fa-caret-down"></i>')
    .appendTo(element);
  input.attr({
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': listId,
    ...(options.label !== undefined && { 'aria-label': options.label }),
    ...(options.placeholder !== undefined && { placeholder: options.placeholder }),
  });

  const search = (): string => (typed ? String(input.val() ?? '') : '');
  const showValue = (): void => {
    input.val(chosen?.name ?? '').attr('title', chosen ? [chosen.name, chosen.detail].filter(Boolean).join(' – ') : '');
  };

  function load(): void {
    asked += 1;
    const mine = asked;
    const wanted = options.remote ? search() : '';
    state = { is: 'loading' };
    draw();
    options.load(wanted).then(
      (items) => {
        if (mine !== asked) return;
        state = { is: 'loaded', items, search: wanted };
        if (waiting !== undefined) {
          const how = waiting;
          waiting = undefined;
          if (how === 'leave') leave();
          else enter();
          return;
        }
        const present = items.find((item) => item.id === chosen?.id);
        // the saved name may be old: show the system's current one
        if (present && chosen) {
          chosen = present;
          if (!typed) showValue();
        }
        draw();
      },
      (failed: unknown) => {
        if (mine !== asked) return;
        if (waiting === 'leave') forgetTyped();
        waiting = undefined;
        state = { is: 'failed', message: failed instanceof Error ? failed.message : String(failed) };
        draw();
      },
    );
  }

  function place(): void {
    const box = element[0]?.getBoundingClientRect();
    if (!popup || !box) return;
    const below = window.innerHeight - box.bottom - 8;
    const above = box.top - 8;
    const up = below < 160 && above > below;
    const height = Math.min(280, Math.max(90, up ? above : below));
    const width = Math.min(Math.max(box.width, 240), window.innerWidth - 16);
    popup.css({
      left: `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`,
      width: `${width}px`,
      maxHeight: `${height}px`,
      top: up ? '' : `${box.bottom + 2}px`,
      bottom: up ? `${window.innerHeight - box.top + 2}px` : '',
    });
  }

  const optionId = (index: number): string => `${listId}-${index}`;

  function markActive(): void {
    popup?.find('li').each((index, row) => {
      $(row).toggleClass('twinflow-active', index === active);
      if (index === active) row.scrollIntoView({ block: 'nearest' });
    });
    if (active >= 0) input.attr('aria-activedescendant', optionId(active));
    else input.removeAttr('aria-activedescendant');
  }

  function row(entry: SearchItem<Data> | 'empty', index: number): JQuery {
    const item = entry === 'empty' ? undefined : entry;
    const selected = item ? item.id === chosen?.id : chosen === undefined;
    const line = $('<li role="option">').attr({ id: optionId(index), 'aria-selected': String(selected) });
    if (item?.disabled) line.attr('aria-disabled', 'true');
    $('<span class="twinflow-item-name">')
      .text(item ? item.name : (options.empty ?? ''))
      .appendTo(line);
    if (item?.detail) $('<span class="twinflow-item-detail">').text(item.detail).appendTo(line);
    // mousedown would move the focus and close the list before the click
    return line.on('mousedown', (event) => event.preventDefault()).on('click', () => choose(entry));
  }

  function draw(): void {
    if (!popup) return;
    const list = popup.find('ul').empty();
    const note = popup.find('.twinflow-popup-note').empty().removeClass('twinflow-bad');
    shown = [];
    if (state.is === 'loading' || state.is === 'idle') note.text(t('select.loading'));
    if (state.is === 'failed') {
      note.addClass('twinflow-bad').text(state.message);
      $('<button type="button" class="red-ui-button red-ui-button-small">')
        .text(t('select.retry'))
        .on('mousedown', (event) => event.preventDefault())
        .on('click', load)
        .appendTo(note);
    }
    if (state.is === 'loaded') {
      // the system's results may match by words that are not shown; an older answer is filtered here
      const found = isCurrent() && options.remote ? state.items : matching(state.items, search());
      if (options.empty !== undefined && search().trim() === '') shown.push('empty');
      append(shown, found.slice(0, DRAWN));
      const gone = !options.remote && !options.freeText && chosen && !state.items.some(({ id }) => id === chosen?.id);
      if (gone && search() === '') note.addClass('twinflow-bad').text(t('select.gone', { name: chosen?.name }));
      else if (found.length === 0) note.text(t(search().trim() === '' ? 'select.nothing' : 'select.noMatch'));
      else if (found.length > DRAWN) note.text(t('select.more', { count: found.length - DRAWN }));
    } else if (options.empty !== undefined) shown.push('empty');
    list.append(shown.map((entry, index) => row(entry, index)));
    const selected = shown.findIndex((entry) => entry !== 'empty' && entry.id === chosen?.id);
    const suggested = typed ? suggestion() : undefined;
    active = typed ? shown.findIndex((entry) => entry !== 'empty' && entry === suggested) : selected;
    pointed = false;
    markActive();
    place();
  }

  function open(): void {
    if (popup || input.prop('disabled') === true) return;
    popup = $('<div class="twinflow-popup">').append(
      $('<ul role="listbox">').attr({ id: listId, 'aria-label': input.attr('aria-label') ?? t('select.list') }),
      $('<div class="twinflow-popup-note" role="status" aria-live="polite">'),
    );
    popup.appendTo(document.body);
    input.attr('aria-expanded', 'true');
    window.addEventListener('scroll', follow, true);
    window.addEventListener('resize', follow);
    if (state.is === 'loaded' && (!options.remote || state.search === search())) draw();
    else if (state.is === 'loading') draw();
    else load();
  }

  function close(): void {
    clearTimeout(timer);
    popup?.remove();
    popup = undefined;
    active = -1;
    pointed = false;
    input.attr('aria-expanded', 'false').removeAttr('aria-activedescendant');
    window.removeEventListener('scroll', follow, true);
    window.removeEventListener('resize', follow);
  }

  /** The list follows the input while something behind it scrolls; scrolling in the list itself is ignored. */
  function follow(event: Event): void {
    if (!element[0]?.isConnected) close();
    else if (!(event.target instanceof Node && popup?.[0]?.contains(event.target))) place();
  }

  function take(item: SearchItem<Data> | undefined): void {
    const changed = item?.id !== chosen?.id;
    chosen = item;
    typed = false;
    showValue();
    close();
    if (changed) {
      options.onChange?.(item);
      input.trigger('change');
    }
  }

  function choose(entry: SearchItem<Data> | 'empty' | undefined): void {
    if (entry === undefined) return;
    if (entry === 'empty') take(undefined);
    else if (!entry.disabled) take(entry);
  }

  /** The loaded list belongs to the typed text. */
  function isCurrent(): boolean {
    return state.is === 'loaded' && (!options.remote || state.search === search());
  }

  /** The one entry with exactly the typed name; undefined if there is none, or several that only their ids
   * distinguish. */
  function named(written: string): SearchItem<Data> | undefined {
    const items = state.is === 'loaded' ? state.items.filter((item) => !item.disabled) : [];
    const exact = items.filter((item) => item.name === written);
    const alike = exact.length > 0 ? exact : items.filter((item) => plain(item.name) === plain(written));
    return alike.length === 1 ? alike[0] : alike.find((item) => item.id === chosen?.id);
  }

  /**
   * The entry that Enter selects for the typed text: the one with that name; otherwise the first that starts with it;
   * otherwise, if free text is not allowed, the first that contains it. Never one that does not match.
   */
  function suggestion(): SearchItem<Data> | undefined {
    const written = search().trim();
    if (written === '' || state.is !== 'loaded') return undefined;
    const exact = named(written);
    if (exact) return exact;
    const items = matching(state.items, written).filter((item) => !item.disabled);
    if (items.some((item) => plain(item.name) === plain(written))) return undefined;
    return options.freeText ? items.find((item) => plain(item.name).startsWith(plain(written))) : items[0];
  }

  /** The value of the typed text: an entry with that name, or the text itself if free text is allowed; otherwise the
   * earlier value. */
  function meant(): SearchItem<Data> | undefined {
    const written = String(input.val() ?? '').trim();
    if (written === '') return options.empty === undefined && !options.freeText ? chosen : undefined;
    return named(written) ?? (options.freeText ? { id: written, name: written } : chosen);
  }

  function forgetTyped(): void {
    typed = false;
    showValue();
    close();
  }

  /** True if the list of the typed text has not arrived yet. */
  function awaits(how: 'enter' | 'leave'): boolean {
    if (!typed || search().trim() === '' || isCurrent() || state.is === 'failed') return false;
    clearTimeout(timer);
    waiting = how;
    load();
    return true;
  }

  function leave(): void {
    // an older answer, or none, does not show what a name means: ask before deciding
    if (awaits('leave')) {
      if (options.freeText) chosen = meant();
      close();
      return;
    }
    take(typed ? meant() : chosen);
  }

  function enter(): void {
    if (popup && pointed) choose(shown[active]);
    else if (!typed) leave();
    else if (!awaits('enter')) {
      const suggested = suggestion();
      if (suggested) choose(suggested);
      else if (options.freeText || search().trim() === '') leave();
      // there is no entry with this name: the list says so and stays, and the text can be corrected
      else if (popup) draw();
      else open();
    }
  }

  function move(step: number): void {
    if (!popup) open();
    else if (shown.length > 0) {
      let next = active === -1 && step < 0 ? 0 : active;
      for (let tries = 0; tries < shown.length; tries += 1) {
        next = (next + step + shown.length) % shown.length;
        const entry = shown[next];
        if (entry === 'empty' || !entry?.disabled) break;
      }
      active = next;
      pointed = true;
      markActive();
    }
  }

  input.on('input', () => {
    typed = true;
    waiting = undefined;
    if (!popup) open();
    else if (!options.remote) draw();
    if (options.remote) {
      clearTimeout(timer);
      timer = setTimeout(load, TYPING_MS);
    }
  });
  input.on('keydown', (event) => {
    const key = event.key;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault();
      move(key === 'ArrowDown' ? 1 : -1);
    } else if (key === 'Enter') {
      // otherwise Enter would press the form's first button
      event.preventDefault();
      if (popup && state.is === 'failed') load();
      else if (popup || typed) enter();
      else open();
    } else if (key === 'Escape' && (popup || typed)) {
      event.preventDefault();
      event.stopPropagation();
      waiting = undefined;
      forgetTyped();
    } else if (key === 'Tab') leave();
  });
  input.on('click', open);
  input.on('focus', () => input.trigger('select'));
  input.on('blur', leave);
  arrow.on('mousedown', (event) => event.preventDefault());
  arrow.on('click', () => {
    if (popup) close();
    else {
      input.trigger('focus');
      open();
    }
  });

  showValue();
  return {
    element,
    input,
    value: () => chosen,
    set(item) {
      chosen = item;
      typed = false;
      showValue();
    },
    reload() {
      asked += 1;
      state = { is: 'idle' };
      if (popup) load();
    },
    disable(disabled) {
      input.prop('disabled', disabled);
      element.toggleClass('twinflow-disabled', disabled);
      if (disabled) close();
    },
    destroy: close,
  };
}
