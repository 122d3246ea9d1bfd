/** One parked change in the list: what failed and, on demand, all its details and possible actions. */

import type { Field } from '../../lib/model/entity';
import { inputKind } from '../../lib/model/input-kind';
import type { ParkedView } from '../../lib/model/operations';
import type { Fields } from '../../lib/model/values';
import { fields as fieldsOf, nodesOf, systemDraft, words } from '../editor';
import { linked } from '../editor/linked';
import { partLabel, partWords } from '../editor/part-label';
import { correct, type Detail, detail, retry, skip } from './ask';
import { fieldInput } from './inputs';
import { button, say, shown, when } from './words';

let counter = 0;

type Sentence = Pick<ParkedView, 'entity' | 'typeName' | 'to' | 'error'>;

/** The error without the entity, which stands above it. */
export function sentenceOf({ entity, typeName, to, error }: Sentence): string {
  const start = `${typeName} ${entity.key} → ${to}: `;
  return error.message.startsWith(start) ? error.message.slice(start.length) : error.message;
}

/** The key of a comment says nothing to people. */
const nameOf = ({ part, entity }: ParkedView): string => (part ? partLabel(part) : entity.key);

export class Row {
  readonly element = $('<li>');
  private readonly key = $('<span class="twinflow-side-key">');
  private readonly time = $('<span class="twinflow-side-small twinflow-side-dim">');
  private readonly words = $('<div class="twinflow-side-text twinflow-side-small twinflow-side-dim">');
  private readonly what = $('<div class="twinflow-side-text twinflow-side-small">');
  private readonly about = $('<div class="twinflow-side-small twinflow-side-dim">');
  private readonly toggle: JQuery;
  private readonly detailBox: JQuery;
  private readonly note = $('<div class="twinflow-side-line twinflow-side-small" role="status" aria-live="polite">');
  private readonly actions = $('<div class="twinflow-side-buttons">');
  private readonly form = $('<div>');
  private drawn = '';
  private isOpen = false;

  /** @param done called after the change was retried or skipped */
  constructor(
    private readonly integration: string,
    private view: ParkedView,
    private readonly done: (said: string) => void,
  ) {
    counter += 1;
    const id = `twinflow-side-detail-${counter}`;
    this.detailBox = $('<div class="twinflow-side-detail" hidden>').attr('id', id);
    this.toggle = button(say('details'), 'fa-caret-right', () => this.open(!this.isOpen)).attr({
      'aria-expanded': 'false',
      'aria-controls': id,
    });
    const head = $('<div class="twinflow-side-head">').append(this.key, this.time);
    const buttons = this.actions.append(
      this.toggle,
      button(say('retry'), 'fa-repeat', () => this.act(() => retry(this.integration, [this.view.event]), 'retried')),
      button(say('edit.open'), 'fa-pencil', () => this.showForm('edit')),
      button(say('skip.open'), 'fa-step-forward', () => this.showForm('skip')),
    );
    this.element.append(head, this.words, this.what, this.about, buttons, this.note, this.form, this.detailBox);
    this.update(view);
  }

  update(view: ParkedView): void {
    const drawn = JSON.stringify(view);
    if (drawn === this.drawn) return;
    const isNew = this.drawn === '';
    this.drawn = drawn;
    this.view = view;
    const { entity, part, counterpart, to, error, attempts, corrected } = view;
    const name = nameOf(view);
    this.key.empty().append(linked(name, entity.url), document.createTextNode(' → '));
    this.words.text(part ? partWords(part) : '');
    if (counterpart) this.key.append(linked(counterpart.key, counterpart.url));
    else this.key.append($('<span>').text(say('newIn', { to })));
    this.time.text(when(error.at));
    this.what.text(sentenceOf(view));
    const parts = [say(`kind.${error.kind}`), say('attempts', { count: attempts })];
    if (corrected.length > 0) parts.push(say('correctedBefore'));
    this.about.text(parts.join(' · '));
    for (const element of this.actions.children().toArray()) {
      $(element).attr('aria-label', `${$(element).text().trim()}: ${name}`);
    }
    if (!isNew && this.isOpen) this.load();
  }

  private open(open: boolean): void {
    this.isOpen = open;
    this.toggle
      .attr('aria-expanded', String(open))
      .find('i')
      .attr('class', `fa fa-caret-${open ? 'down' : 'right'}`);
    this.detailBox.prop('hidden', !open);
    if (open) this.load();
  }

  private load(): void {
    this.ask().then(
      ({ found, names }) => this.draw(found, names),
      (thrown: unknown) => this.say('bad', words(thrown)),
    );
  }

  /** The complete change, and the target's fields if its system reports them. */
  private async ask(): Promise<{ found: Detail; names: Field[] }> {
    const found = await detail(this.integration, this.view.event);
    const { system, project, type } = found.target;
    const names = await fieldsOf(systemDraft(system), project, type).catch(() => []);
    return { found, names };
  }

  private draw(found: Detail, names: Field[]): void {
    const box = this.detailBox.empty();
    const { error, mapped, corrections, source, undecidedSince } = found;
    if (error.answer) {
      $('<div class="twinflow-side-small">').text(say('answer')).appendTo(box);
      $('<pre tabindex="0">').text(error.answer).appendTo(box);
    }
    if (undecidedSince) {
      $('<div class="twinflow-side-small twinflow-side-warn">')
        .text(say('undecided', { time: when(undecidedSince) }))
        .appendTo(box);
    }
    const nodes = error.node ? [RED.nodes.node(error.node)] : nodesOf(this.integration, 'twinflow-writer');
    const place = nodes.find((node) => node !== null);
    if (place) {
      const label = RED.utils.getNodeLabel(place, say('node'));
      box.append(button(say('reveal', { label }), 'fa-crosshairs', () => RED.view.reveal(place.id, true)));
    }
    if (mapped) {
      const named = new Map(names.map(({ id, name }) => [id, name]));
      const wrong = Object.keys(error.fields ?? {});
      const order = [...new Set([...wrong, ...Object.keys(corrections), ...Object.keys(mapped)])];
      this.table(
        say('mappedFields', { to: found.to }),
        order.map((id) => [named.get(id) ?? id, shown(mapped[id]), error.fields?.[id], corrections[id]?.value]),
      );
    } else $('<div class="twinflow-side-small">').text(say('unmapped')).appendTo(box);
    this.table(
      say('sourceFields', { key: source.key, time: when(source.updatedAt) }),
      Object.entries(source.fields).map(([id, value]) => [id, shown(value), undefined, undefined]),
      true,
    );
  }

  private table(
    title: string,
    rows: [
      name: string,
      value: string,
      wrong: string | undefined,
      corrected: Detail['corrections'][string]['value'] | undefined,
    ][],
    folded = false,
  ): void {
    const table = $('<table>');
    for (const [name, value, wrong, corrected] of rows) {
      const cell = $('<td>').append($('<span class="twinflow-side-value">').text(value));
      if (corrected !== undefined)
        $('<div>')
          .text(say('correctedTo', { value: shown(corrected) }))
          .appendTo(cell);
      if (wrong) $('<div class="twinflow-side-bad">').text(wrong).appendTo(cell);
      $('<tr>').append($('<th scope="row">').text(name), cell).appendTo(table);
    }
    const block = $('<details>')
      .prop('open', !folded)
      .append($('<summary class="twinflow-side-small">').text(title), table);
    this.detailBox.append(block);
  }

  private showForm(which: 'skip' | 'edit'): void {
    this.form.empty();
    this.say('dim', '');
    if (which === 'skip') this.skipForm();
    else {
      this.say('dim', say('loading'));
      this.ask().then(
        ({ found, names }) => {
          this.say('dim', '');
          this.editForm(found, names);
        },
        (thrown: unknown) => this.say('bad', words(thrown)),
      );
    }
  }

  private skipForm(): void {
    counter += 1;
    const id = `twinflow-side-reason-${counter}`;
    const reason = $('<input type="text" maxlength="1000">').attr('id', id);
    const ok = () => this.act(() => skip(this.integration, [this.view.event], String(reason.val() ?? '')), 'skipped');
    reason.on('keydown', (event) => {
      if (event.key === 'Enter') ok();
      if (event.key === 'Escape') this.form.empty();
    });
    $('<div class="twinflow-side-form">')
      .append(
        $('<div class="twinflow-side-small">').text(say('skip.hint')),
        $('<label>').attr('for', id).text(say('skip.reason')),
        reason,
        this.formButtons(say('skip.ok'), 'fa-step-forward', ok),
      )
      .appendTo(this.form);
    reason.trigger('focus');
  }

  private editForm(found: Detail, names: Field[]): void {
    const { mapped, corrections, error, target, cut } = found;
    if (!mapped) {
      this.say('warn', say('edit.unmapped'));
      return;
    }
    const known = new Map(names.map((field) => [field.id, field]));
    const origin = { ...target, system: systemDraft(target.system) };
    const form = $('<div class="twinflow-side-form">').appendTo(this.form);
    const inputs = new Map<string, ReturnType<typeof fieldInput>>();
    const add = (id: string, into: JQuery): void => {
      const value = corrections[id]?.value ?? mapped[id] ?? null;
      if (inputs.has(id) || cut.includes(id) || !inputKind(known.get(id), value)) return;
      const made = fieldInput(id, known.get(id), value, origin, error.fields?.[id]);
      inputs.set(id, made);
      into.append(made.element);
    };
    const wrong = Object.keys(error.fields ?? {});
    for (const id of [...wrong, ...Object.keys(corrections)]) add(id, form);
    const rest = $('<div>');
    const more = $('<details>').append($('<summary class="twinflow-side-small">').text(say('edit.more')), rest);
    // created when they become visible: a form can have hundreds
    const fill = (): void => {
      for (const id of Object.keys(mapped)) add(id, rest);
    };
    if (inputs.size === 0) {
      more.prop('open', true);
      fill();
    } else more.one('toggle', fill);
    const ok = (): void => {
      const fields: Fields = {};
      for (const [id, { value }] of Object.entries(corrections)) if (value !== undefined) fields[id] = value;
      let count = 0;
      for (const [id, field] of inputs) {
        const value = field.changed();
        if (value === undefined) continue;
        count += 1;
        fields[id] = value;
      }
      if (count === 0) this.say('warn', say('edit.nothing'));
      else this.act(() => correct(this.integration, this.view.event, fields), 'corrected');
    };
    form.append(more, this.formButtons(say('edit.ok'), 'fa-check', ok));
    form.find('input, select, textarea').first().trigger('focus');
  }

  private formButtons(label: string, icon: string, ok: () => void): JQuery {
    const cancel = (): void => {
      this.form.empty();
      this.say('dim', '');
      this.toggle.trigger('focus');
    };
    return $('<div class="twinflow-side-buttons">').append(
      button(label, icon, ok).addClass('primary'),
      button(say('cancel'), 'fa-times', cancel),
    );
  }

  private act(work: () => Promise<number>, said: string): void {
    const all = this.element.find('button').prop('disabled', true);
    work().then(
      (count) => {
        all.prop('disabled', false);
        this.done(count > 0 ? say(`done.${said}`, { key: nameOf(this.view) }) : say('done.gone'));
      },
      (thrown: unknown) => {
        all.prop('disabled', false);
        this.say('bad', words(thrown));
      },
    );
  }

  private say(tone: 'bad' | 'warn' | 'dim', text: string): void {
    this.note.attr('class', `twinflow-side-line twinflow-side-small twinflow-side-${tone}`).text(text);
  }
}
