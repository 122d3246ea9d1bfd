/** Below the look-ups in the tab "Existing items": brings over what is there, from each side, after a plan. */

import type { BringOverView } from '../../lib/model/bring-over';
import type { Choice } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { SIDES } from '../../lib/model/sides';
import type { SurveyView } from '../../lib/plan/survey-types';
import { request, say as tell, words } from '../editor';
import { isObject } from '../editor/read';

const EVERY_MS = 1_000;

/** What the form knows of a side. */
export interface BringOverSource {
  name(side: Side): string;
  /** types of the side's items that pairs lead to the other one */
  types(side: Side): Choice[];
}

type Act = 'start' | 'pause' | 'resume' | 'cancel';
const BUTTONS: readonly Act[] = ['start', 'pause', 'resume', 'cancel'];

interface Panel {
  types: JQuery;
  since: JQuery;
  buttons: Record<Act, JQuery>;
  progress: JQuery;
  note: JQuery;
}

export class BringOverSection {
  private readonly place = $('#twinflow-integration-bring-over');
  private panels = new Map<Side, Panel>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  /** the last plan: how many items there are, by side */
  private planned: SurveyView | undefined;

  constructor(
    private readonly node: EditorNode,
    private readonly source: BringOverSource,
  ) {}

  /** The tab was opened. */
  show(): void {
    this.panels.clear();
    this.place.empty();
    for (const side of SIDES) if (this.source.types(side).length > 0) this.draw(side);
    request('GET', `survey?integration=${encodeURIComponent(this.node.id)}`).then(
      (answer) => {
        this.planned =
          isObject(answer) && isObject(answer.survey) ? (answer as { survey: SurveyView }).survey : undefined;
        this.ask();
      },
      () => this.ask(),
    );
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private say(key: string, variables?: Record<string, string | number>): string {
    return this.node._(`integration.bringOver.${key}`, variables);
  }

  private draw(side: Side): void {
    const name = this.source.name(side);
    const box = $('<fieldset class="twinflow-parts">').appendTo(this.place);
    $('<legend>')
      .text(this.say('from', { system: name }))
      .appendTo(box);
    const types = $('<select style="flex: 1 1 0; width: auto">').attr('aria-label', this.say('types'));
    $('<option>').val('').text(this.say('allTypes')).appendTo(types);
    for (const { id, name: type } of this.source.types(side)) $('<option>').val(id).text(type).appendTo(types);
    const since = $('<input type="date" style="flex: 0 0 150px; width: auto; margin: 0">');
    $('<div class="twinflow-row">')
      .append(
        types,
        $('<label style="width: auto; margin: 0">').append($('<span>').text(this.say('since')), ' ', since),
      )
      .appendTo(box);
    const bar = $('<div class="twinflow-row" style="margin-top: 4px">').appendTo(box);
    const button = (act: Act): JQuery =>
      $('<button type="button" class="red-ui-button red-ui-button-small">')
        .text(this.say(`do.${act}`))
        .on('click', (event) => {
          event.preventDefault();
          this.act(side, act);
        })
        .appendTo(bar);
    const buttons = {
      start: button('start'),
      pause: button('pause'),
      resume: button('resume'),
      cancel: button('cancel'),
    };
    const progress = $('<progress style="width: 100%" hidden>').appendTo(box);
    const note = $('<div role="status" aria-live="polite">').appendTo(box);
    this.panels.set(side, { types, since, buttons, progress, note });
    this.drawState(side, undefined);
  }

  private act(side: Side, act: Act): void {
    const panel = this.panels.get(side);
    if (!panel) return;
    for (const one of BUTTONS) panel.buttons[one].prop('disabled', true);
    const [type, day] = [String(panel.types.val() ?? ''), String(panel.since.val() ?? '')];
    const expected = this.expected(side, type);
    const wish = {
      ...(type !== '' && { types: [type] }),
      ...(day !== '' && { since: `${day}T00:00:00Z` }),
      ...(day === '' && expected !== undefined && { expected }),
    };
    const body = { integration: this.node.id, side, do: act, ...(act === 'start' && wish) };
    request('POST', 'existing', body).then(
      () => this.ask(),
      (thrown: unknown) => {
        this.drawState(side, undefined);
        tell(panel.note, 'bad', words(thrown));
      },
    );
  }

  /** How many there are, if the last plan has counted all. */
  private expected(side: Side, type: string): number | undefined {
    const groups = this.planned?.survey.groups.filter(
      (group) => group.side === side && (type === '' || group.type.id === type),
    );
    if (!groups || groups.length === 0 || groups.some(({ extent }) => extent !== 'all')) return undefined;
    return groups.reduce((sum, { read }) => sum + read, 0);
  }

  private ask(): void {
    clearTimeout(this.timer);
    request('GET', `existing?integration=${encodeURIComponent(this.node.id)}`).then(
      (answer) => {
        if (this.closed) return;
        const items = isObject(answer) && Array.isArray(answer.items) ? (answer.items as BringOverView[]) : [];
        for (const side of this.panels.keys())
          this.drawState(
            side,
            items.find((view) => view.side === side),
          );
        if (items.some(({ state }) => state === 'running')) this.timer = setTimeout(() => this.ask(), EVERY_MS);
      },
      (thrown: unknown) => {
        if (this.closed) return;
        for (const { note, buttons } of this.panels.values()) {
          buttons.start.prop('disabled', true);
          tell(note, 'plain', words(thrown));
        }
      },
    );
  }

  private drawState(side: Side, view: BringOverView | undefined): void {
    const panel = this.panels.get(side);
    if (!panel) return;
    const isOpen = view?.state === 'running' || view?.state === 'paused';
    const shown: Record<Act, boolean> = {
      start: !isOpen,
      pause: view?.state === 'running',
      resume: view?.state === 'paused',
      cancel: isOpen,
    };
    for (const act of BUTTONS) panel.buttons[act].toggle(shown[act]).prop('disabled', false);
    // first the plan: it says what would be created, linked and overwritten
    panel.buttons.start.prop('disabled', this.planned === undefined);
    panel.types.add(panel.since).prop('disabled', isOpen);
    panel.progress.prop('hidden', !isOpen);
    const expected = view?.wish.expected;
    if (view && expected) panel.progress.attr({ max: expected, value: Math.min(expected, view.read) });
    else panel.progress.removeAttr('value');
    tell(panel.note, view?.fault === undefined ? 'plain' : 'bad', this.stateText(side, view));
  }

  private stateText(side: Side, view: BringOverView | undefined): string {
    if (!view) return this.planned ? this.planText(side) : this.say('planFirst');
    const { state, read, recorded, perSecond, secondsLeft, fault, wish, endedAt } = view;
    const time = new Date(endedAt ?? view.startedAt).toLocaleString(RED.i18n.lang());
    const counts = { read, recorded, time, expected: wish.expected ?? 0 };
    const said = [this.say(`state.${state}`, counts)];
    if (wish.expected && state === 'running') said.push(this.say('of', counts));
    if (state === 'running' && perSecond > 0) said.push(this.say('rate', { rate: Math.round(perSecond * 60) }));
    if (secondsLeft !== undefined) said.push(this.say('left', { minutes: Math.ceil(secondsLeft / 60) }));
    if (fault !== undefined) said.push(fault);
    if ((state === 'done' || state === 'cancelled') && this.planned === undefined) said.push(this.say('planFirst'));
    return said.join(' ');
  }

  /** What the last plan says of the side. */
  private planText(side: Side): string {
    const groups = this.planned?.survey.groups.filter((group) => group.side === side) ?? [];
    const sum = (count: (group: (typeof groups)[number]) => number): number =>
      groups.reduce((all, group) => all + count(group), 0);
    return this.say('planned', {
      read: sum(({ read }) => read),
      create: sum(({ outcomes }) => outcomes.create),
      adopted: sum(({ adopted }) => adopted),
      update: sum(({ outcomes }) => outcomes.update),
      parked: sum(({ outcomes }) => outcomes.parked),
      conflicts: sum(({ conflicts }) => conflicts),
    });
  }
}
