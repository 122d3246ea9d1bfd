/** The integration form's tab "Existing items": what is looked for in the target before an item is created, for each type pair. */

import {
  ADOPTED_FIELDS,
  type FieldChoice,
  FOUND_NONE,
  FOUND_ONE,
  FOUND_SEVERAL,
  ITEM_KEY,
  ITEM_URL,
  type LookUpField,
  type LookUpRule,
} from '../../lib/model/config';
import type { Field, Side } from '../../lib/model/entity';
import { SAME_HOW } from '../../lib/model/same-text';
import { atSide } from '../../lib/model/sides';
import type { FieldType } from '../../lib/model/values';
import { type Pair, type SearchItem, type SearchSelect, say, searchSelect } from '../editor';
import { toolButton } from '../editor/mapping/rows';

/** Fields whose values are texts that can be searched for. */
const SEARCHED: readonly FieldType[] = ['text', 'url', 'number', 'lookup'];
const CHOICES = { none: FOUND_NONE, one: FOUND_ONE, several: FOUND_SEVERAL, differing: ADOPTED_FIELDS } as const;
type Setting = keyof typeof CHOICES;
const SETTINGS: readonly Setting[] = ['none', 'one', 'several', 'differing'];

/** What the tab asks the systems. */
export interface LookUpSystems {
  fields(side: Side, type: string): Promise<Field[]>;
  name(side: Side): string;
}

interface Row {
  element: JQuery;
  fields: [SearchSelect<FieldChoice>, SearchSelect<FieldChoice>];
  how: JQuery;
}

interface Section {
  tick: JQuery;
  rows: Row[];
  selects: Record<Setting, JQuery>;
}

export class LookUpTab {
  private readonly place = $('#twinflow-integration-look-ups');
  /** by the type pair's id, also of pairs that are not drawn */
  private readonly rules: Map<string, LookUpRule | undefined>;
  private sections = new Map<string, Section>();

  /** @param pairs the type pairs as they stand in the form */
  constructor(
    private readonly node: EditorNode,
    saved: readonly { id: string; lookUp?: LookUpRule }[],
    private readonly pairs: () => Required<Pair>[],
    private readonly systems: LookUpSystems,
  ) {
    this.rules = new Map(saved.map(({ id, lookUp }) => [id, lookUp]));
  }

  /** The rule of a type pair; undefined if nothing is looked for. */
  of(pair: string): LookUpRule | undefined {
    this.keep();
    return this.rules.get(pair);
  }

  show(): void {
    this.keep();
    this.sections.clear();
    this.place.empty();
    const pairs = this.pairs();
    if (pairs.length === 0) say(this.place, 'plain', this.words('noPairs'));
    for (const pair of pairs) this.draw(pair);
  }

  private words(key: string, words?: Record<string, string>): string {
    return this.node._(`integration.lookUp.${key}`, words);
  }

  private draw(pair: Required<Pair>): void {
    const rule = this.rules.get(pair.id);
    const box = $('<fieldset class="twinflow-parts">').appendTo(this.place);
    $('<legend>').text(`${pair.one.name} ↔ ${pair.two.name}`).appendTo(box);
    const tick = $('<input type="checkbox" class="twinflow-inline">').prop('checked', rule !== undefined);
    $('<label style="width: auto">')
      .append(tick, $('<span>').text(this.words('on')))
      .appendTo(box);
    const body = $('<div>').appendTo(box);
    const list = $('<div>').appendTo(body);
    const section: Section = { tick, rows: [], selects: this.selects(rule) };
    const add = (field?: LookUpField): void => {
      const row = this.row(pair, field, () => {
        section.rows = section.rows.filter((one) => one !== row);
        row.element.remove();
      });
      section.rows.push(row);
      list.append(row.element);
    };
    for (const field of rule?.fields ?? []) add(field);
    if (section.rows.length === 0) add();
    $('<button type="button" class="red-ui-button red-ui-button-small">')
      .append('<i class="fa fa-plus" aria-hidden="true"></i> ', $('<span>').text(this.words('add')))
      .on('click', (event) => {
        event.preventDefault();
        add();
      })
      .appendTo(body);
    for (const setting of SETTINGS) {
      const id = `twinflow-look-up-${setting}-${pair.id}`;
      const label = $('<label style="flex: 0 0 200px; width: auto; margin: 0">').text(this.words(`label.${setting}`));
      $('<div class="twinflow-row" style="margin-top: 4px">')
        .append(label.attr('for', id), section.selects[setting].attr('id', id))
        .appendTo(body);
    }
    const enable = (): void => void body.toggle(tick.prop('checked') === true);
    tick.on('change', enable);
    enable();
    this.sections.set(pair.id, section);
  }

  private selects(rule: LookUpRule | undefined): Section['selects'] {
    const select = (setting: Setting): JQuery => {
      const element = $('<select style="flex: 1 1 0; width: auto">');
      for (const choice of CHOICES[setting])
        $('<option>')
          .val(choice)
          .text(this.words(`${setting}.${choice}`))
          .appendTo(element);
      return element.val(rule?.[setting] ?? DEFAULTS[setting]);
    };
    return { none: select('none'), one: select('one'), several: select('several'), differing: select('differing') };
  }

  private row(pair: Required<Pair>, saved: LookUpField | undefined, onRemove: () => void): Row {
    const element = $('<div class="twinflow-row" style="margin-bottom: 4px">');
    const select = (side: Side): SearchSelect<FieldChoice> => {
      const value = saved && atSide(saved, side);
      return searchSelect<FieldChoice>($('<input type="text">').appendTo(element), {
        load: async () => [
          ...(await this.systems.fields(side, atSide(pair, side).id))
            .filter(({ type, multi }) => SEARCHED.includes(type) && !multi)
            .map(({ id, name, type }) => item({ id, name, type })),
          ...[ITEM_KEY, ITEM_URL].map((id) => item({ id, name: this.words(`field.${id.slice(1)}`), type: 'text' })),
        ],
        ...(value && { value: item(value) }),
        label: this.words('fieldOf', { system: this.systems.name(side) }),
        placeholder: this.words('fieldOf', { system: this.systems.name(side) }),
      });
    };
    const one = select(1);
    const how = $('<select style="flex: 0 0 150px; width: auto">').attr('aria-label', this.words('how.label'));
    for (const choice of SAME_HOW)
      $('<option>')
        .val(choice)
        .text(this.words(`how.${choice}`))
        .appendTo(how);
    how.val(saved?.how ?? 'equal').appendTo(element);
    const two = select(2);
    element.append(toolButton('fa-times', this.words('remove'), onRemove));
    return { element, fields: [one, two], how };
  }

  private keep(): void {
    for (const [pair, { tick, rows, selects }] of this.sections) {
      const fields = rows.flatMap(({ fields: [first, second], how }): LookUpField[] => {
        const [one, two] = [first.value()?.data, second.value()?.data];
        if (!one || !two) return [];
        return [{ one, two, how: SAME_HOW.find((choice) => choice === how.val()) ?? 'equal' }];
      });
      const isOn = tick.prop('checked') === true && fields.length > 0;
      this.rules.set(pair, isOn ? { fields, ...chosenIn(selects) } : undefined);
    }
  }
}

const DEFAULTS = { none: 'create', one: 'adopt', several: 'park', differing: 'rows' } as const;

const chosenIn = (selects: Section['selects']): Omit<LookUpRule, 'fields'> => ({
  none: FOUND_NONE.find((choice) => choice === selects.none.val()) ?? DEFAULTS.none,
  one: FOUND_ONE.find((choice) => choice === selects.one.val()) ?? DEFAULTS.one,
  several: FOUND_SEVERAL.find((choice) => choice === selects.several.val()) ?? DEFAULTS.several,
  differing: ADOPTED_FIELDS.find((choice) => choice === selects.differing.val()) ?? DEFAULTS.differing,
});

const item = (field: FieldChoice): SearchItem<FieldChoice> => ({
  id: field.id,
  name: field.name,
  detail: field.id,
  data: field,
});
