/** The form of a poller: which side it reads, when, from what start, and how many messages at a time. */

import { Cron } from 'croner';
import { readScope } from '../../lib/engine/routing';
import { otherSide } from '../../lib/model/sides';
import {
  addStyle,
  entered,
  fillSelect,
  input,
  integration,
  isBegun,
  isTouched,
  knownVersion,
  leaveUntouched,
  newest,
  nodeId,
  nodesOf,
  offerOnlyIntegration,
  present,
  rememberInputs,
  serverTimeZone,
  showsNewer,
  systemName,
  systemsOf,
  t,
  takeOnlyIntegration,
  watchSaved,
  words,
} from '../editor';

interface PollerProperties {
  name: string;
  integration: string;
  side: '1' | '2';
  schedule: 'interval' | 'cron' | 'manual';
  interval: number;
  unit: 'seconds' | 'minutes' | 'hours';
  cron: string;
  start: 'newest' | 'time' | 'all';
  startTime: string;
  pageSize: number;
  window: number;
  version: number;
}

type PollerNode = EditorNode & PollerProperties;

const PREFIX = 'node-input';
const RUNS_SHOWN = 3;
const DEFAULTS = {
  side: '1',
  schedule: 'interval',
  interval: 1,
  unit: 'minutes',
  start: 'newest',
  pageSize: 100,
  window: 200,
} as const;

/** The next times of a cron expression. @throws Error if it is invalid, or no time is ever reached */
function nextRuns(expression: string, timezone?: string): Date[] {
  return new Cron(expression, { paused: true, ...(timezone && { timezone }) }).nextRuns(RUNS_SHOWN);
}

function isCron(expression: unknown): boolean {
  if (typeof expression !== 'string' || expression.trim() === '') return false;
  try {
    return nextRuns(expression).length > 0;
  } catch {
    return false;
  }
}

/** An ISO time for a `datetime-local` input, in the browser's zone; empty if it is not a time. */
function toLocal(iso: unknown): string {
  const time = typeof iso === 'string' && iso !== '' ? new Date(iso) : undefined;
  if (!time || Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The content of a `datetime-local` input, as an ISO time in UTC. */
function fromLocal(local: unknown): string {
  const time = typeof local === 'string' && local !== '' ? new Date(local) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time.toISOString() : '';
}

const readable = (time: Date | string, timeZone?: string): string =>
  new Intl.DateTimeFormat(RED.i18n.lang(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone && { timeZone }),
  }).format(typeof time === 'string' ? new Date(time) : time);

const value = (property: keyof PollerProperties): string => String(input(PREFIX, property).val() ?? '');

class PollerForm {
  private readonly node: PollerNode;
  private zone: string | undefined;
  /** counts questions about the start, so that a late answer does not overwrite a newer one */
  private asked = 0;
  private startKey = '';

  constructor(node: PollerNode) {
    this.node = node;
    for (const [property, fallback] of Object.entries(DEFAULTS)) {
      const saved = node[property];
      input(PREFIX, property).val(String(saved === undefined || saved === '' ? fallback : saved));
    }
    $('#twinflow-poller-time').val(toLocal(node.startTime));
    $('#twinflow-poller-zone').text(
      node._('poller.hint.zone', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
    );
    input(PREFIX, 'integration').on('change', () => {
      this.sides();
      this.start();
      this.begun();
    });
    for (const property of ['side', 'start']) input(PREFIX, property).on('change', () => this.start());
    input(PREFIX, 'side').on('change', () => this.begun());
    input(PREFIX, 'schedule').on('change', () => this.schedule());
    input(PREFIX, 'cron').on('input', () => this.runs());
    $('#twinflow-poller-time').on('input change', () => this.markTime());
    this.sides();
    this.schedule();
    this.start();
    this.begun();
    serverTimeZone().then(
      (zone) => {
        this.zone = zone;
        this.runs();
      },
      () => undefined, // otherwise the browser's zone is shown
    );
  }

  private sides(): void {
    const id = nodeId(input(PREFIX, 'integration').val());
    const options = ([1, 2] as const).map((side) => {
      const name = systemName(id, side);
      return { value: String(side), label: name ? t('side.named', { side, name }) : t('side.plain', { side }) };
    });
    fillSelect(input(PREFIX, 'side'), options, value('side') || String(this.node.side ?? DEFAULTS.side));
  }

  private schedule(): void {
    const chosen = value('schedule');
    for (const kind of ['interval', 'cron', 'manual']) $(`.twinflow-poller-${kind}`).toggle(kind === chosen);
    this.runs();
    input(PREFIX, 'cron').trigger('change');
  }

  private runs(): void {
    const target = $('#twinflow-poller-runs').empty();
    const expression = value('cron');
    if (expression.trim() === '') {
      target.text(this.node._('poller.hint.cron'));
      return;
    }
    try {
      const times = nextRuns(expression, this.zone).map((time) => readable(time, this.zone));
      const zone = this.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
      if (times.length === 0) target.text(this.node._('poller.invalid.never'));
      else target.text(this.node._('poller.hint.runs', { times: times.join(' · '), zone }));
    } catch (thrown) {
      target.text(this.node._('poller.invalid.cron', { why: words(thrown).replace(/^CronPattern: /, '') }));
    }
  }

  private markTime(): void {
    const lacks = value('start') === 'time' && fromLocal($('#twinflow-poller-time').val()) === '';
    $('#twinflow-poller-time').toggleClass('input-error', lacks).attr('aria-invalid', String(lacks));
  }

  /** Shows that the setting no longer has an effect if this system was polled before. */
  private begun(): void {
    const target = $('#twinflow-poller-begun').text('');
    $('#twinflow-poller-start').show();
    const id = nodeId(input(PREFIX, 'integration').val());
    const side = value('side') === '2' ? 2 : 1;
    if (id === undefined) return;
    isBegun(id, side).then(
      (begun) => {
        const same = id === nodeId(input(PREFIX, 'integration').val()) && side === (value('side') === '2' ? 2 : 1);
        if (!begun || !same) return;
        target.text(this.node._('poller.hint.begun'));
        // the hint about the initial sync no longer applies
        $('#twinflow-poller-start').hide();
      },
      () => undefined, // no permission, or unknown: the help mentions it, too
    );
  }

  /** Shows where polling starts. For "newest" the system is asked once per side and integration. */
  private start(): void {
    const chosen = value('start');
    $('.twinflow-poller-time').toggle(chosen === 'time');
    this.markTime();
    const target = $('#twinflow-poller-start');
    const id = nodeId(input(PREFIX, 'integration').val());
    const key = JSON.stringify([chosen, id, value('side')]);
    if (key === this.startKey) return;
    this.startKey = key;
    this.asked += 1;
    const mine = this.asked;
    target.text(chosen === 'newest' ? '' : this.node._(`poller.hint.start.${chosen}`));
    const config = integration(id);
    if (chosen !== 'newest' || !config) return;
    const side = value('side') === '2' ? 2 : 1;
    const scope = readScope(config, side);
    if (!scope) {
      target.text(this.node._('poller.hint.start.noPairs'));
      return;
    }
    target.text(t('select.loading'));
    newest(systemsOf(id)[side - 1], scope).then(
      ({ found, at, from, revision }) => {
        if (mine !== this.asked) return;
        if (revision) target.text(this.node._('poller.hint.start.revision', { revision }));
        else if (at) target.text(this.node._('poller.hint.start.at', { time: readable(at) }));
        else if (found) target.text(this.node._('poller.hint.start.newest'));
        else if (from) target.text(this.node._('poller.hint.start.none', { time: readable(from) }));
        else target.text(this.node._('poller.hint.start.first'));
      },
      (thrown: unknown) => {
        if (mine === this.asked) target.text(this.node._('poller.hint.start.unknown', { why: words(thrown) }));
      },
    );
  }

  save(): void {
    const typed = $('#twinflow-poller-time').val();
    // the input supports neither fractions of a second nor any other notation
    if (typed !== toLocal(this.node.startTime)) this.node.startTime = fromLocal(typed);
    for (const property of ['interval', 'pageSize', 'window'] as const)
      if (isTouched(this.node, PREFIX, property))
        this.node[property] = entered(PREFIX, property) ?? this.node[property];
    leaveUntouched(this.node, PREFIX);
    this.node.version = 1;
  }
}

let form: PollerForm | undefined;

const within = (typed: unknown, most: number): boolean =>
  /^\d+$/.test(String(typed)) && Number(typed) >= 1 && Number(typed) <= most;

watchSaved('twinflow-poller');

RED.nodes.registerType<PollerProperties>('twinflow-poller', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'poller.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    side: {
      value: DEFAULTS.side,
      validate(typed, _options) {
        const id = nodeId(present(this, PREFIX, 'integration'));
        const config = integration(id);
        const side = String(present(this, PREFIX, 'side') ?? typed) === '2' ? 2 : 1;
        if (!id || !config || !readScope(config, otherSide(side))) return true;
        const others = nodesOf(id, 'twinflow-poller').filter((node) => node.id !== this.id);
        const alike = others.every((node) => (String(node.side) === '2' ? 2 : 1) === side);
        const name = systemName(id, otherSide(side)) ?? '';
        return others.length === 0 || !alike || this._('poller.invalid.side', { name });
      },
    },
    schedule: { value: DEFAULTS.schedule },
    interval: {
      value: DEFAULTS.interval,
      validate(typed, _options) {
        if (present(this, PREFIX, 'schedule') !== 'interval') return true;
        return Number(typed) > 0 || this._('poller.invalid.interval');
      },
    },
    unit: { value: DEFAULTS.unit },
    cron: {
      value: '',
      validate(typed, _options) {
        if (present(this, PREFIX, 'schedule') !== 'cron') return true;
        return isCron(typed) || this._('poller.invalid.cronShort');
      },
    },
    start: { value: DEFAULTS.start },
    startTime: {
      value: '',
      validate(saved, _options) {
        return this.start !== 'time' || saved !== '' || this._('poller.invalid.time');
      },
    },
    pageSize: {
      value: DEFAULTS.pageSize,
      validate(typed, _options) {
        return within(typed ?? DEFAULTS.pageSize, 1000) || this._('poller.invalid.number', { most: 1000 });
      },
    },
    window: {
      value: DEFAULTS.window,
      validate(typed, _options) {
        return within(typed ?? DEFAULTS.window, 10_000) || this._('poller.invalid.number', { most: 10_000 });
      },
    },
    version: { value: 1, validate: knownVersion('twinflow-poller') },
  },
  label() {
    const system = systemName(this.integration, this.side === '2' ? 2 : 1);
    return this.name || (system ? this._('poller.label.poll', { system }) : this._('poller.paletteLabel'));
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('poller.paletteLabel');
  },
  inputLabels() {
    return this._('poller.port.input');
  },
  outputLabels() {
    return this._('poller.port.output');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-poller', this)) return;
    offerOnlyIntegration(this);
    addStyle();
    form = new PollerForm(this);
    rememberInputs(this, PREFIX);
  },
  oneditsave() {
    form?.save();
    form = undefined;
    return undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
