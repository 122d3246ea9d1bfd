/** The integration form's tab "Backlinks": the same inputs for each side. */

import { readBacklinks } from '../../lib/mapping/saved';
import type { BacklinkSettings } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { eachSide, SIDES, type Sides } from '../../lib/model/sides';
import type { FieldType } from '../../lib/model/values';
import { kept, type SearchItem, type SearchSelect, searchSelect } from '../editor';
import { isObject } from '../editor/read';

/** Fields for the counterpart's key or URL: the possible types, and the label's key. */
const PICKED = [
  { setting: 'key', types: ['text'], label: 'remoteKey' },
  { setting: 'url', types: ['url', 'text'], label: 'remoteUrl' },
] as const satisfies { setting: keyof BacklinkSettings; types: FieldType[]; label: string }[];
const TICKED = [
  { setting: 'link', label: 'remoteLink' },
  { setting: 'back', label: 'remoteBack' },
] as const satisfies { setting: keyof BacklinkSettings; label: string }[];

interface Pick {
  setting: (typeof PICKED)[number]['setting'];
  select: SearchSelect;
  load: () => Promise<SearchItem[]>;
}

interface Inputs {
  picks: Pick[];
  boxes: { setting: (typeof TICKED)[number]['setting']; box: JQuery }[];
}

export class BacklinksTab {
  private readonly inputs: Sides<Inputs>;

  /** @param fields a side's fields of some types, for a drop-down */
  constructor(
    private readonly node: EditorNode & { backlinks: Partial<Sides<BacklinkSettings>> },
    private readonly fields: (side: Side, types: readonly FieldType[]) => Promise<SearchItem[]>,
  ) {
    const place = $('#twinflow-integration-backlinks');
    const backlinks = readBacklinks(node.backlinks);
    this.inputs = eachSide((side) => this.draw(place, side, backlinks[side]));
  }

  private draw(place: JQuery, side: Side, saved: BacklinkSettings): Inputs {
    const { node } = this;
    const say = (key: string): string => node._(`integration.label.${key}`);
    const none = say('none');
    $('<div style="font-weight: bold; line-height: 26px">')
      .text(say(`remote${side}`))
      .appendTo(place);
    const picks = PICKED.map(({ setting, types, label }): Pick => {
      const id = `twinflow-integration-${setting}${side}`;
      const input = $('<input type="text">').attr('id', id);
      $('<div class="form-row">')
        .append($('<label>').attr('for', id).text(say(label)), ' ', input)
        .appendTo(place);
      const load = (): Promise<SearchItem[]> => this.fields(side, types);
      const field = saved[setting];
      const value = field === undefined ? undefined : { id: field, name: field };
      return { setting, load, select: searchSelect(input, { load, value, empty: none, placeholder: none }) };
    });
    const boxes = TICKED.map(({ setting, label }) => {
      const id = `twinflow-integration-${setting}${side}`;
      const box = $('<input type="checkbox" class="twinflow-inline">').attr('id', id);
      box.prop('checked', saved[setting] === true);
      $('<label style="width: auto">')
        .attr('for', id)
        .append(box, ' ', $('<span>').text(say(label)))
        .appendTo($('<div class="form-row">').appendTo(place));
      return { setting, box };
    });
    return { picks, boxes };
  }

  private all(): Pick[] {
    return SIDES.flatMap((side) => this.inputs[side].picks);
  }

  /** Discards the lists of fields: another system was selected. */
  reload(): void {
    for (const { select } of this.all()) select.reload();
  }

  /** Only a field's id is saved. Its name comes from the system while it can be asked. */
  nameFields(): void {
    for (const { select, load } of this.all()) {
      const value = select.value();
      if (!value || value.name !== value.id) continue;
      load().then(
        (items) => {
          const item = items.find(({ id }) => id === select.value()?.id);
          if (item) select.set(item);
        },
        () => undefined, // the id stays; opening the list shows the reason
      );
    }
  }

  /** The form's content, plus saved properties that are unknown here; sides without backlinks are left out. */
  settings(): Partial<Sides<BacklinkSettings>> {
    const saved = isObject(this.node.backlinks) ? this.node.backlinks : {};
    return Object.fromEntries(
      SIDES.flatMap((side): [string, BacklinkSettings][] => {
        const { picks, boxes } = this.inputs[side];
        const settings: BacklinkSettings = { ...(isObject(saved[side]) && saved[side]) };
        for (const { setting, select } of picks) {
          const id = select.value()?.id;
          if (id) settings[setting] = id;
          else delete settings[setting];
        }
        for (const { setting, box } of boxes) {
          if (box.prop('checked') === true) settings[setting] = true;
          else delete settings[setting];
        }
        return Object.keys(settings).length > 0 ? [[String(side), settings]] : [];
      }),
    );
  }

  /** The value to save: the saved one if nothing was changed. */
  toSave(): Partial<Sides<BacklinkSettings>> {
    return kept(this.node.backlinks, this.settings(), readBacklinks);
  }
}
