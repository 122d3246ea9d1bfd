/**
 * One row of the field mapper's table, in one line: System 1 field, direction, System 2 field; types and remarks are icons with
 * tooltips. The row's options, with all remarks in words, open below it. A row with a field on one side only gives that field a constant.
 */

import type { Finding } from '../../../lib/checks';
import type { KnownFields, RowIssue } from '../../../lib/mapping/coverage';
import { isMergeable } from '../../../lib/mapping/mergeable';
import { fieldRowExtras } from '../../../lib/mapping/saved';
import type { ApplyWhen, FieldChoice, FieldRow, MentionPolicy, SyncWhen, Transform } from '../../../lib/model/config';
import { applies, type Direction, type DirectionSetting, type Side } from '../../../lib/model/entity';
import { atSide } from '../../../lib/model/sides';
import type { Value } from '../../../lib/model/values';
import { type DirectionButton, directionButton } from '../index';
import { type ConflictChoice, type ConflictSettings, conflictChoice } from './conflict-choice';
import { type FieldSelect, fieldSelect, typeIcon } from './fields';
import { type MentionChoice, mentionChoice } from './mention-choice';
import { RowIssues, rowFindings } from './row-issues';
import { flash, labelledSelect, toolButton } from './rows';
import type { MappingScope } from './scope';
import { m } from './text';
import { type TransformInput, transformInput } from './transform-input';
import { type ValueInput, valueInput } from './value-input';

/** The list's data of a row. */
export interface FormRow {
  row?: FieldRow;
  /** of a proposal, 0 to 1 */
  confidence?: number;
  view?: MapRow;
}

const DIRECTIONS: Direction[] = ['forward', 'backward'];
const isReal = (transform: Transform | undefined): boolean => transform !== undefined && transform.kind !== 'automatic';

const ARROWS = { forward: '→', backward: '←' } as const;

export class MapRow {
  private readonly container: JQuery;
  private readonly scope: MappingScope;
  private readonly onChange: () => void;
  private readonly one: FieldSelect;
  private readonly two: FieldSelect;
  private readonly direction: DirectionButton;
  private readonly moreButton: JQuery;
  private readonly kinds: Record<Side, JQuery> = { 1: $('<span>'), 2: $('<span>') };
  private readonly badge = $('<span class="twinflow-badge">');
  private readonly constantBox = $('<div class="twinflow-row twinflow-constant">');
  private readonly more = $('<div class="twinflow-more" hidden>');
  private readonly confidence: number | undefined;
  private readonly extras: object;
  private readonly settings: {
    syncWhen?: SyncWhen;
    applyWhen?: ApplyWhen;
    mentions?: MentionPolicy;
  } & ConflictSettings;
  private conflict: ConflictChoice | undefined;
  private mentions: MentionChoice | undefined;
  private readonly transforms: { forward?: Transform; backward?: Transform };
  private readonly transformInputs = new Map<Direction, TransformInput>();
  private constant: Value | undefined;
  private constantInput: { field: string; input: ValueInput } | undefined;
  private readonly issues = new RowIssues(() => this.toggle(true));
  /** the saved fields, until others are selected */
  private readonly saved: { one?: FieldChoice; two?: FieldChoice };
  private wished: DirectionSetting;
  private constantShown = false;

  constructor(container: JQuery, form: FormRow, scope: MappingScope, onChange: () => void) {
    const { row } = form;
    this.container = container;
    this.scope = scope;
    this.onChange = onChange;
    this.confidence = form.confidence;
    this.constant = row?.constant;
    this.extras = fieldRowExtras(row ?? {});
    this.saved = { one: row?.one, two: row?.two };
    const { syncWhen, applyWhen, mentions, conflict, fallback } = row ?? {};
    this.settings = { syncWhen, applyWhen, mentions, conflict, fallback };
    this.transforms = { ...row?.transform };
    const line = $('<div class="twinflow-row">').appendTo(container);
    line.append(this.kinds[1]);
    this.one = this.select(line, 1, row?.one);
    this.wished = row?.direction ?? 'both';
    this.direction = directionButton(line, this.wished, (direction) => {
      this.wished = direction;
      this.changed();
    });
    line.append(this.kinds[2]);
    this.two = this.select(line, 2, row?.two);
    line.append(this.badge, this.issues.button);
    this.moreButton = toolButton('fa-sliders', m('row.more'), () => this.toggle()).appendTo(line);
    this.moreButton.attr('aria-expanded', 'false');
    container.append(this.more, this.issues.list);
    this.draw();
  }

  private select(line: JQuery, side: Side, value: FieldChoice | undefined): FieldSelect {
    return fieldSelect(line, {
      scope: this.scope,
      side,
      value,
      empty: m('row.constant'),
      placeholder: m('field.choose'),
      onChange: () => {
        this.saved[side === 1 ? 'one' : 'two'] = undefined;
        this.changed();
      },
    });
  }

  fields(): { one?: FieldChoice; two?: FieldChoice } {
    return { one: this.one.value(), two: this.two.value() };
  }

  /** The row in its saved form; undefined while no field is selected. */
  value(): FieldRow | undefined {
    const { one, two } = this.fields();
    if (one === undefined && two === undefined) return undefined;
    const { syncWhen, applyWhen, mentions, conflict, fallback } = this.settings;
    const transform = this.transform();
    const constant = one !== undefined && two !== undefined ? undefined : this.constantInput?.input.value();
    return {
      ...this.extras,
      ...(one && { one }),
      ...(two && { two }),
      direction: this.direction.value(),
      ...(constant !== undefined && { constant }),
      ...(syncWhen && { syncWhen }),
      ...(applyWhen && { applyWhen }),
      ...(conflict && { conflict }),
      ...(fallback && { fallback }),
      ...(mentions && { mentions }),
      ...(transform && { transform }),
    };
  }

  /** For the directions of the row. A template or expression that is currently unused is not saved. */
  private transform(): FieldRow['transform'] {
    const direction = this.direction.value();
    const of = (way: Direction): Transform | undefined => (applies(direction, way) ? this.transforms[way] : undefined);
    const [forward, backward] = [of('forward'), of('backward')];
    if (!isReal(forward) && !isReal(backward)) return undefined;
    return { ...(forward && { forward }), ...(backward && { backward }) };
  }

  /** Shows the row with all its messages. */
  reveal(): void {
    this.toggle(true);
    this.container[0]?.scrollIntoView({ block: 'center' });
    this.one.input.trigger('focus');
    flash(this.container);
  }

  focus(): void {
    this.container[0]?.scrollIntoView({ block: 'nearest' });
    (this.one.value() === undefined ? this.one : this.two).input.trigger('focus');
  }

  /** The lists have changed. */
  reload(): void {
    this.one.reload();
    this.two.reload();
  }

  /** Updates the fields with the systems' current data. */
  refresh(): void {
    this.one.refresh();
    this.two.refresh();
    this.draw();
  }

  /** The list's own filter lays the page out again for each row: too slow for hundreds. */
  show(shown: boolean): void {
    this.container.closest('li').prop('hidden', !shown);
  }

  hasIssues(): boolean {
    return this.issues.present().length > 0;
  }

  /**
   * The findings of this row.
   * @param place the row's index in the list
   * @param issues the errors of the row in its current state
   */
  findings(place: number, issues: RowIssue[], known: KnownFields): Finding[] {
    return rowFindings(this.value() ?? { direction: 'both' }, this.saved, place, issues, known);
  }

  showIssues(issues: Finding[]): void {
    this.issues.show(issues, this.more.prop('hidden') !== true);
    this.container.toggleClass('twinflow-invalid', this.issues.areErrors());
  }

  private changed(): void {
    this.draw();
    this.onChange();
  }

  private toggle(open = this.more.prop('hidden') === true): void {
    if (open && this.more.children().length === 0) this.buildMore();
    if (open) this.drawTransforms();
    this.more.prop('hidden', !open);
    this.moreButton.attr('aria-expanded', String(open));
    this.showIssues(this.issues.present());
  }

  private draw(): void {
    this.conflict?.refresh();
    this.mentions?.refresh();
    const { one, two } = this.fields();
    const constant = (one === undefined) !== (two === undefined);
    // a constant applies to one direction; once both fields are selected, the row gets its earlier direction
    if (constant) this.direction.set(two === undefined ? 'backward' : 'forward');
    else if (this.constantShown) this.direction.set(this.wished);
    this.constantShown = constant;
    this.direction.element.prop('disabled', constant);
    this.drawTransforms();
    const computed = DIRECTIONS.filter((way) => isReal(this.transform()?.[way]));
    const sure = this.confidence;
    const guessed = sure !== undefined && computed.length === 0;
    this.badge
      .toggleClass('twinflow-sure', guessed && sure >= 0.8)
      .toggleClass('twinflow-unsure', guessed && sure < 0.8)
      .attr('title', computed.length > 0 ? m('transform.badge') : guessed ? m('row.confidence') : '')
      .text(guessed ? `${Math.round(sure * 100)}%` : computed.map((way) => `${ARROWS[way]}ƒ`).join(''));
    this.drawKind(1, one);
    this.drawKind(2, two);
    this.drawConstant(constant && computed.length === 0 ? (one ?? two) : undefined, one === undefined ? 2 : 1);
  }

  private drawKind(side: Side, field: FieldChoice | undefined): void {
    const known = atSide(this.scope.known(), side);
    const fresh = typeIcon((field && known?.get(field.id)) ?? field);
    this.kinds[side].replaceWith(fresh);
    this.kinds[side] = fresh;
  }

  private drawConstant(field: FieldChoice | undefined, side: Side): void {
    this.constantBox.toggle(field !== undefined);
    // beside the drop-down that says "Constant value"
    if (field !== undefined) (side === 1 ? this.two : this.one).element.after(this.constantBox);
    const key = field === undefined ? undefined : `${side} ${field.id} ${field.type}`;
    if (this.constantInput?.field === key) return;
    if (this.constantInput !== undefined) this.constant = this.constantInput.input.value() ?? this.constant;
    this.constantInput = undefined;
    this.constantBox.empty();
    if (field === undefined || key === undefined) return;
    const input = valueInput(this.constantBox, {
      scope: this.scope,
      side,
      field,
      value: this.constant,
      many: field.multi,
      label: m('row.constantFor', { name: field.name }),
      onChange: this.onChange,
    });
    this.constantInput = { field: key, input };
  }

  /** One input per direction of the row, below the other settings. */
  private drawTransforms(): void {
    if (this.more.children().length === 0) return;
    const direction = this.direction.value();
    const { one, two } = this.fields();
    for (const way of DIRECTIONS) {
      const target = way === 'forward' ? two : one;
      const shown = applies(direction, way) && target !== undefined;
      const known = this.transformInputs.get(way);
      if (known !== undefined) {
        known.element.prop('hidden', !shown);
        known.refresh();
      } else if (shown) {
        this.transformInputs.set(way, this.transformInput(way));
      }
    }
  }

  private transformInput(way: Direction): TransformInput {
    const other: Direction = way === 'forward' ? 'backward' : 'forward';
    const input = transformInput(this.more, {
      scope: this.scope,
      direction: way,
      value: this.transforms[way],
      target: () => {
        const { one, two } = this.fields();
        return `${ARROWS[way]} ${(way === 'forward' ? two : one)?.name ?? ''}`;
      },
      otherHas: () => applies(this.direction.value(), other) && isReal(this.transforms[other]),
      onChange: () => {
        this.transforms[way] = input.value();
        this.changed();
      },
    });
    return input;
  }

  /** Created on first use: most rows never need it. */
  private buildMore(): void {
    const options = (name: string, keys: string[]): { value: string; label: string }[] =>
      keys.map((value) => ({ value, label: m(`${name}.${value || 'unset'}`) }));
    const { settings, more } = this;
    labelledSelect(
      more,
      m('syncWhen.label'),
      options('syncWhen', ['both', 'create', 'update']),
      settings.syncWhen ?? 'both',
      (value) => {
        settings.syncWhen = value === 'create' || value === 'update' ? value : undefined;
        this.onChange();
      },
    );
    labelledSelect(
      more,
      m('applyWhen.label'),
      options('applyWhen', ['changed', 'always']),
      settings.applyWhen ?? 'changed',
      (value) => {
        settings.applyWhen = value === 'always' ? value : undefined;
        this.onChange();
      },
    );
    this.conflict = conflictChoice(
      more,
      settings,
      () => isMergeable(this.fields()),
      () => this.onChange(),
    );
    this.mentions = mentionChoice(
      more,
      settings,
      () => this.fields(),
      () => this.onChange(),
    );
  }
}
