/** The integration form's tab "Plan": what the flow on the canvas would do now. The work continues on the server. */

import { surveyCsv } from '../../lib/plan/survey-csv';
import type { SurveyView } from '../../lib/plan/survey-types';
import { request, type SystemDraft, say as tell, words } from '../editor';
import { addPlanStyle } from './plan-style';
import { drawGroup, type Say } from './plan-view';

const EVERY_MS = 1_000;
const SAMPLES = [25, 100, 500, 1000] as const;
const PRESET = 100;

export interface Drawn {
  /** the form's own state */
  integration: object;
  systems: [SystemDraft | undefined, SystemDraft | undefined];
  /** the nodes of the chains that start on side 1 and side 2, in the order in which a message passes them */
  chains: [Chain, Chain];
}

export interface Chain {
  steps: object[];
  /** names of nodes in between that do not belong to Twinflow: their effect is unknown */
  foreign: string[];
}

interface Answer {
  survey?: SurveyView;
}

export class PlanTab {
  private readonly sample = $('#twinflow-plan-sample');
  private readonly start = $('#twinflow-plan-start');
  private readonly end = $('#twinflow-plan-end');
  private readonly progress = $('#twinflow-plan-progress');
  private readonly note = $('#twinflow-plan-note');
  private readonly result = $('#twinflow-plan-result');
  private readonly save = $('#twinflow-plan-save');
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private view: SurveyView | undefined;

  /** @param drawn the flow on the canvas; requested when a plan is started */
  constructor(
    private readonly node: EditorNode,
    private readonly drawn: () => Drawn,
  ) {
    addPlanStyle();
    for (const count of SAMPLES) {
      $('<option>').val(String(count)).text(this.say('newest', { count })).appendTo(this.sample);
    }
    $('<option>').val('all').text(this.say('all')).appendTo(this.sample);
    this.sample.val(String(PRESET));
    this.start.on('click', () => this.begin());
    this.end.on('click', () => this.cancel());
    $('#twinflow-plan-json').on('click', () => this.download('json'));
    $('#twinflow-plan-csv').on('click', () => this.download('csv'));
    this.busy(false);
  }

  /** The tab was opened: shows the last plan and its progress. */
  show(): void {
    this.ask(request('GET', `survey?integration=${encodeURIComponent(this.node.id)}`));
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private readonly say: Say = (key, variables) => this.node._(`integration.plan.${key}`, variables);

  private begin(): void {
    const { integration, systems, chains } = this.drawn();
    const chosen = this.sample.val();
    const sample = chosen === 'all' ? chosen : Number(chosen);
    const wire = (draft: SystemDraft | undefined) => draft && { ...draft, name: undefined };
    this.busy(true);
    tell(this.note, 'plain', this.say('starting'));
    const [steps1, steps2] = chains.map(({ steps }) => steps);
    this.ask(request('POST', 'survey', { integration, systems: systems.map(wire), steps1, steps2, sample }));
  }

  private cancel(): void {
    this.end.prop('disabled', true);
    this.ask(request('POST', 'survey/cancel', { integration: this.node.id }));
  }

  private ask(asked: Promise<unknown>): void {
    clearTimeout(this.timer);
    asked.then(
      (answer) => {
        if (!this.closed) this.draw((answer as Answer).survey);
      },
      (thrown: unknown) => {
        if (this.closed) return;
        this.busy(false);
        tell(this.note, 'bad', words(thrown));
      },
    );
  }

  private draw(view: SurveyView | undefined): void {
    const isRunning = view?.state === 'running';
    this.busy(isRunning);
    const isDrawn = view !== undefined && view.job === this.view?.job && view.state === this.view.state && !isRunning;
    this.view = view;
    if (!view || isDrawn) return;
    this.tellState(view);
    const names = this.names();
    this.result.empty().append(view.survey.groups.map((group) => drawGroup(group, names, this.say)));
    this.save.prop('hidden', isRunning);
    if (isRunning) this.timer = setTimeout(() => this.show(), EVERY_MS);
  }

  private tellState({ state, progress, fault, startedAt, by, deployed, sample }: SurveyView): void {
    const { read, group, groups } = progress;
    const time = new Date(startedAt).toLocaleString(RED.i18n.lang());
    // the total number is unknown for all items
    if (sample === 'all') this.progress.removeAttr('value');
    else this.progress.attr({ max: sample * groups, value: Math.max(read, group * sample) });
    const said = this.say(`state.${state}`, {
      ...{ read, groups, time, why: fault ?? '' },
      group: Math.min(group + 1, groups),
    });
    const foreign = [...new Set(this.drawn().chains.flatMap((chain) => chain.foreign))];
    const more = [
      ...(by === undefined || state === 'running' ? [] : [this.say('by', { name: by })]),
      ...(deployed ? [] : [this.say('notDeployed')]),
      ...(groups === 0 ? [this.say('noPairs')] : []),
      ...(foreign.length > 0 ? [this.say('foreign', { nodes: foreign.join(', ') })] : []),
    ];
    tell(this.note, state === 'failed' ? 'bad' : 'plain', [said, ...more].join(' '));
  }

  private names(): [string, string] {
    const [one, two] = this.drawn().systems;
    return [one?.name ?? 'System 1', two?.name ?? 'System 2'];
  }

  private busy(isBusy: boolean): void {
    this.start.prop('disabled', isBusy);
    this.sample.prop('disabled', isBusy);
    this.end.prop('hidden', !isBusy).prop('disabled', false);
    this.progress.prop('hidden', !isBusy);
    if (isBusy) this.save.prop('hidden', true);
  }

  private download(format: 'json' | 'csv'): void {
    if (!this.view) return;
    const { survey } = this.view;
    const text = format === 'csv' ? surveyCsv(survey) : `${JSON.stringify(this.view, null, 2)}\n`;
    const type = format === 'csv' ? 'text/csv;charset=utf-8' : 'application/json';
    const url = URL.createObjectURL(new Blob([text], { type }));
    const day = this.view.startedAt.slice(0, 10);
    const link = $('<a>').attr({ href: url, download: `twinflow-plan-${day}.${format}` });
    link.get(0)?.click();
    URL.revokeObjectURL(url);
  }
}
