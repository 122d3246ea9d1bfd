/**
 * The preview in the forms of filter, mappers and writer: a person picks an entity by its key and sees what would become
 * of it, with what the form holds at that moment. Nothing is written.
 */

import type { Side } from '../../../lib/model/entity';
import type { EntityPlan, PlanOutcome } from '../../../lib/plan/types';
import { fillSelect, input, say, type Tone, words } from '../form';
import { linked } from '../linked';
import { request } from '../metadata';
import { addStyle } from '../style';
import { integration, nodeId, systemsOf } from '../workspace';
import { type Gathered, gather, sidesOf } from './gather';
import { addPreviewStyle } from './style';
import { criterionLine, planTable } from './table';
import { p } from './text';

export interface PreviewOptions {
  node: EditorNode;
  /** the element in the form that becomes the panel */
  container: JQuery;
  /** what the form holds now, by the node's properties */
  form: () => Record<string, unknown>;
  /** the work of the whole chain is shown, and not only up to this node */
  whole?: boolean;
  /** the side that is looked at first */
  side?: () => Side;
}

interface Offered {
  id: string;
  key: string;
  title: string;
}

interface Answer {
  plan: EntityPlan;
  title: string;
  deployed: boolean;
  /** why an earlier change of the entity is parked */
  parked?: string;
}

let counter = 0;

const TONES: Record<PlanOutcome['kind'], Tone> = {
  ...{ create: 'good', update: 'good', nothing: 'plain', unmapped: 'plain', skipped: 'plain' },
  ...{ filtered: 'warning', noPair: 'warning', waits: 'warning', parked: 'bad' },
};

export class PreviewPanel {
  private readonly options: PreviewOptions;
  private readonly toggle = $('<button type="button" class="twinflow-preview-toggle" aria-expanded="false">');
  private readonly body = $('<div class="twinflow-preview-body" hidden>');
  private readonly side = $('<select>');
  private readonly key = $('<input type="text" autocomplete="off" spellcheck="false">');
  private readonly button = $('<button type="button" class="red-ui-button">');
  private readonly latest = $('<div class="twinflow-preview-latest">');
  private readonly outcome = $('<div class="twinflow-message" role="status" aria-live="polite">');
  private readonly criteria = $('<ul class="twinflow-preview-criteria">');
  private readonly notes = $('<ul class="twinflow-preview-notes">');
  private readonly scroll = $('<div class="twinflow-preview-scroll" tabindex="0" role="region" hidden>');
  private asked = 0;
  private offeredFor = '';

  constructor(options: PreviewOptions) {
    addStyle();
    addPreviewStyle();
    this.options = options;
    counter += 1;
    const id = `twinflow-preview-${counter}`;
    this.body.attr('id', id);
    this.toggle
      .attr('aria-controls', id)
      .append(
        '<i class="fa fa-caret-right" aria-hidden="true"></i>',
        $('<b>').text(p('title')),
        $('<span>').text(p('about')),
      )
      .on('click', () => this.open(this.body.prop('hidden') === true));
    this.side.attr('aria-label', p('side')).on('change', () => this.offer());
    this.key.attr({ 'aria-label': p('key'), placeholder: p('keyPlaceholder') }).on('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.show({ key: String(this.key.val() ?? '') });
    });
    this.button
      .append('<i class="fa fa-eye" aria-hidden="true"></i> ', document.createTextNode(p('show')))
      .on('click', () => this.show({ key: String(this.key.val() ?? '') }));
    this.scroll.attr('aria-label', p('title'));
    const ask = $('<div class="twinflow-preview-ask">').append(this.side, this.key, this.button);
    this.body.append(ask, this.latest, this.outcome, this.criteria, this.notes, this.scroll);
    options.container.addClass('twinflow-preview').append(this.toggle, this.body);
    input('node-input', 'integration').on('change', () => {
      if (this.body.prop('hidden') !== true) this.prepare();
    });
  }

  private open(open: boolean): void {
    this.body.prop('hidden', !open);
    this.toggle.attr('aria-expanded', String(open));
    this.toggle.children('i').toggleClass('fa-caret-right', !open).toggleClass('fa-caret-down', open);
    if (!open) return;
    this.prepare();
    this.key.trigger('focus');
  }

  private integrationId(): string | undefined {
    return nodeId(input('node-input', 'integration').val()) ?? nodeId(this.options.node.integration);
  }

  private chosenSide(): Side {
    return this.side.val() === '2' ? 2 : 1;
  }

  /** Sides and key for the integration as it is now. */
  private prepare(): void {
    const id = this.integrationId();
    const sides = sidesOf(integration(id), this.options.form().pairs);
    const names = systemsOf(id).map((system, index) => system?.name ?? String(index + 1));
    const last = window.twinflowPreview;
    const own = last?.integration === id ? last : undefined;
    const wanted = this.options.side?.() ?? own?.side ?? sides[0] ?? 1;
    const options = sides.map((side) => ({
      value: String(side),
      label: p('from', { system: names[side - 1] ?? '', other: names[2 - side] ?? '' }),
    }));
    fillSelect(this.side, options, sides.includes(wanted) ? String(wanted) : String(sides[0] ?? ''));
    if (own && String(this.key.val() ?? '') === '') this.key.val(own.key);
    this.clear();
    const problem = sides.length === 0 ? p('noSides') : '';
    say(this.outcome, 'warning', problem);
    this.button.prop('disabled', sides.length === 0);
    this.offer();
  }

  private clear(): void {
    this.asked += 1;
    say(this.outcome, 'plain', '');
    this.criteria.empty();
    this.notes.empty();
    this.scroll.empty().prop('hidden', true);
  }

  private gathered(): Gathered | undefined {
    const { node, form, whole = false } = this.options;
    return gather(node, this.integrationId(), this.chosenSide(), form(), whole);
  }

  /** The newest few entities of the side, for a click. Where the system can't be asked, nothing is offered. */
  private offer(): void {
    const gathered = this.gathered();
    const key = JSON.stringify([gathered?.draft.systems, gathered?.draft.integration, this.chosenSide()]);
    if (!gathered || key === this.offeredFor) return;
    this.offeredFor = key;
    this.latest.empty();
    const { systems, integration: config, side } = gathered.draft;
    request('POST', 'preview/latest', { systems, integration: config, side }).then(
      (answer) => {
        if (key !== this.offeredFor) return;
        const { items } = answer as { items: Offered[] };
        if (items.length === 0) return;
        this.latest.append(document.createTextNode(`${p('latest')} `));
        items.forEach((item, index) => {
          if (index > 0) this.latest.append(' · ');
          $('<button type="button" class="twinflow-link">')
            .text(item.title === '' ? item.key : `${item.key} ${item.title}`.slice(0, 60))
            .on('click', () => {
              this.key.val(item.key);
              this.show({ key: item.key, id: item.id });
            })
            .appendTo(this.latest);
        });
      },
      () => undefined,
    );
  }

  private show(wanted: { key: string; id?: string }): void {
    const key = wanted.key.trim();
    this.clear();
    const gathered = this.gathered();
    if (!gathered || key === '') {
      say(this.outcome, 'warning', p(gathered ? 'noKey' : 'noSystems'));
      return;
    }
    window.twinflowPreview = { integration: gathered.config.id, side: gathered.draft.side, key };
    const turn = this.asked;
    say(this.outcome, 'plain', p('asking'));
    request('POST', 'preview', { ...gathered.draft, ...wanted, key }).then(
      (answer) => {
        if (turn === this.asked) this.draw(answer as Answer, gathered);
      },
      (thrown: unknown) => {
        if (turn === this.asked) say(this.outcome, 'bad', words(thrown));
      },
    );
  }

  private draw({ plan, title, deployed, parked }: Answer, gathered: Gathered): void {
    const [one, two] = gathered.systemNames;
    const [from, to] = plan.side === 1 ? [one, two] : [two, one];
    this.drawOutcome(plan, title, gathered, to);
    const several = new Set(plan.criteria.map(({ step }) => step)).size > 1;
    for (const criterion of plan.criteria) {
      this.criteria.append(criterionLine(criterion, several ? gathered.names.get(criterion.step) : undefined));
    }
    const note = (text: string): void => {
      $('<li>').text(text).appendTo(this.notes);
    };
    if (parked !== undefined) note(p('note.parked', { reason: parked }));
    for (const warning of plan.warnings) note(warning);
    if (gathered.foreign.length > 0) note(p('note.foreign', { names: gathered.foreign.join(', ') }));
    if (!gathered.chain.polled) note(p('note.notPolled', { system: from }));
    if (!gathered.chain.written) note(p('note.notWritten'));
    if (this.options.whole !== true) note(p('note.partial'));
    if (!deployed) note(p('note.notDeployed'));
    if (plan.fields.length > 0)
      this.scroll.append(planTable(plan.fields, [from, to], this.options.whole === true)).prop('hidden', false);
    this.toggle[0]?.scrollIntoView({ block: 'start' });
  }

  private drawOutcome(plan: EntityPlan, title: string, gathered: Gathered, to: string): void {
    const { outcome, source, target } = plan;
    const tone = TONES[outcome.kind];
    say(this.outcome, tone, '');
    const line = $('<div>').append(linked(source.key, source.url));
    if (title !== '') line.append(document.createTextNode(` ${title.slice(0, 100)}`));
    if (target) line.append(document.createTextNode(' → '), linked(target.key, target.url));
    this.outcome.append(line, $('<div class="twinflow-preview-outcome">').text(outcomeText(plan, gathered, to)));
  }
}

function outcomeText(plan: EntityPlan, { names }: Gathered, to: string): string {
  const { outcome, target, fields } = plan;
  const named = (step: string | undefined): string => names.get(step ?? '') ?? step ?? '';
  const key = target?.key ?? '';
  switch (outcome.kind) {
    case 'create':
      return p('outcome.create', { system: to });
    case 'update': {
      const labels = outcome.fields.map((id) => fields.find(({ field }) => field === id)?.name ?? id);
      return p('outcome.update', { key, fields: labels.join(', ') });
    }
    case 'nothing':
      return p(`outcome.nothing.${outcome.why}`, { key });
    case 'filtered':
      return p(outcome.otherOutput ? 'outcome.otherOutput' : 'outcome.filtered', { name: named(outcome.step) });
    case 'parked':
    case 'waits': {
      const where = outcome.step === undefined ? '' : `${named(outcome.step)}: `;
      return p(`outcome.${outcome.kind}`, { reason: where + outcome.reason });
    }
    case 'skipped':
      return p('outcome.skipped', { reason: outcome.reason });
    case 'noPair':
    case 'unmapped':
      return p(`outcome.${outcome.kind}`);
  }
}
