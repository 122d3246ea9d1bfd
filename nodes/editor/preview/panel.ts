/**
 * The preview in the forms of filter, mappers and writer: the user enters an item's key and sees what would happen to
 * it with the form's current content. Nothing is written.
 */

import type { IntegrationConfig } from '../../../lib/model/config';
import type { Side } from '../../../lib/model/entity';
import { inOrder } from '../../../lib/model/sides';
import type { EntityPlan, PlanOutcome } from '../../../lib/plan/types';
import { fillSelect, input, say, type Tone, words } from '../form';
import { linked } from '../linked';
import { request } from '../metadata';
import { partLabel, partWords } from '../part-label';
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
  /** the form's current content, by the node's properties */
  form: () => Record<string, unknown>;
  /** the whole chain is shown, not only the part up to this node */
  whole?: boolean;
  /** the side that is selected at first */
  side?: () => Side;
}

interface Offered {
  id: string;
  key: string;
  title: string;
}

/** A comment, or another part of an item. */
interface OfferedPart {
  id: string;
  key: string;
  type: string;
  by?: string;
  words?: string;
}

interface Answer {
  plan: EntityPlan;
  title: string;
  deployed: boolean;
  /** why an earlier change of the entity is parked */
  parked?: string;
  /** parts of the item that are synced in the same direction, newest first */
  parts?: OfferedPart[];
  /** why they could not be read */
  partsFault?: string;
}

let counter = 0;

const TONES: Record<PlanOutcome['kind'], Tone> = {
  ...{ create: 'good', update: 'good', delete: 'good', nothing: 'plain', unmapped: 'plain', skipped: 'plain' },
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
  private readonly parts = $('<div class="twinflow-preview-latest">');
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
    this.body.append(ask, this.latest, this.parts, this.outcome, this.criteria, this.notes, this.scroll);
    options.container.addClass('twinflow-preview').append(this.toggle, this.body);
    input('node-input', 'integration').on('change', () => {
      if (this.body.prop('hidden') !== true) this.prepare();
    });
  }

  private open(open: boolean): void {
    this.body.prop('hidden', !open);
    this.toggle.attr('aria-expanded', String(open));
    this.options.container.toggleClass('twinflow-open', open);
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

  /** Sides and key for the current integration. */
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
    this.parts.empty();
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

  /** The newest few items of the side, for a click. If the system cannot be asked, none are offered. */
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

  /** @param wanted an item, or a part of the shown item */
  private show(wanted: { key: string; id?: string; isPart?: true }): void {
    const { id, isPart } = wanted;
    const key = wanted.key.trim();
    this.clear();
    if (!isPart) this.parts.empty();
    const gathered = this.gathered();
    if (!gathered || key === '') {
      say(this.outcome, 'warning', p(gathered ? 'noKey' : 'noSystems'));
      return;
    }
    const { draft, config } = gathered;
    if (!isPart) window.twinflowPreview = { integration: config.id, side: draft.side, key };
    const turn = this.asked;
    say(this.outcome, 'plain', p('asking'));
    const parts = isPart ? 'none' : partsWanted(config, this.options);
    request('POST', 'preview', { ...draft, key, ...(id && { id }), ...(parts !== 'none' && { parts: true }) }).then(
      (answered) => {
        if (turn !== this.asked) return;
        const answer = answered as Answer;
        if (answer.parts) this.offerParts(answer, answer.parts, parts === 'only');
        const [newest] = parts === 'only' ? (answer.parts ?? []) : [];
        if (newest) this.show({ ...newest, isPart: true });
        else if (parts === 'only') say(this.outcome, 'plain', '');
        else this.draw(answer, gathered);
      },
      (thrown: unknown) => {
        if (turn === this.asked) say(this.outcome, 'bad', words(thrown));
      },
    );
  }

  private offerParts({ plan, partsFault }: Answer, parts: OfferedPart[], needed: boolean): void {
    const owner = plan.source.key;
    if (partsFault !== undefined) this.parts.text(partsFault);
    else if (parts.length === 0 && needed) this.parts.text(p('noParts', { key: owner }));
    if (parts.length === 0) return;
    this.parts.append(document.createTextNode(`${p('parts', { key: owner })} `));
    for (const [index, { id, key, by, words: said }] of parts.entries()) {
      if (index > 0) this.parts.append(' · ');
      const name = [by, said].filter((text) => text !== undefined).join(': ');
      $('<button type="button" class="twinflow-link">')
        .text((name === '' ? key : name).slice(0, 60))
        .on('click', () => this.show({ key, id, isPart: true }))
        .appendTo(this.parts);
    }
  }

  private draw({ plan, title, deployed, parked }: Answer, gathered: Gathered): void {
    const [one, two] = gathered.systemNames;
    const [from, to] = inOrder(plan.side, one, two);
    this.drawOutcome(plan, title, gathered, to);
    const several = new Set(plan.criteria.map(({ step }) => step)).size > 1;
    for (const criterion of plan.criteria) {
      this.criteria.append(criterionLine(criterion, several ? gathered.names.get(criterion.step) : undefined));
    }
    const note = (text: string): void => {
      $('<li>').text(text).appendTo(this.notes);
    };
    if (parked !== undefined) note(p('note.parked', { reason: parked }));
    const { outcome } = plan;
    if (outcome.kind === 'filtered' && plan.criteria.length === 0 && outcome.reason) note(outcome.reason);
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
    const { outcome, source, target, part } = plan;
    const tone = TONES[outcome.kind];
    say(this.outcome, tone, '');
    const name = part ? partLabel(part) : source.key;
    const line = $('<div>').append(linked(name, source.url));
    const shown = part ? partWords(part) : title.slice(0, 100);
    if (shown !== '') line.append(document.createTextNode(` ${shown}`));
    if (target) line.append(document.createTextNode(' → '), linked(target.key, target.url));
    this.outcome.append(line, $('<div class="twinflow-preview-outcome">').text(outcomeText(plan, gathered, to)));
  }
}

/** Whether the item's parts are shown with it, alone, or not at all. A step for all pairs applies to those of items. */
function partsWanted(config: IntegrationConfig, { form, whole = false }: PreviewOptions): 'none' | 'beside' | 'only' {
  const pairs = config.typePairs.flatMap(({ parts = [] }) => parts.map(({ id }) => id));
  if (pairs.length === 0) return 'none';
  if (whole) return 'beside';
  const chosen: unknown = form().pairs;
  if (!Array.isArray(chosen) || !chosen.some((id) => pairs.includes(id))) return 'none';
  return chosen.every((id) => pairs.includes(id)) ? 'only' : 'beside';
}

function outcomeText(plan: EntityPlan, { names }: Gathered, to: string): string {
  const { outcome, target, fields } = plan;
  const named = (step: string | undefined): string => names.get(step ?? '') ?? step ?? '';
  const key = target?.key ?? '';
  switch (outcome.kind) {
    case 'create':
      return p(plan.part ? 'outcome.createPart' : 'outcome.create', { system: to });
    case 'delete':
      return p('outcome.delete', { key });
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
