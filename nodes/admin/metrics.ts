/**
 * GET /twinflow/metrics (twinflow.read): the state of all integrations in the text format of Prometheus.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

import type { IntegrationState, SideView } from '../../lib/model/operations';
import { guardRoutes } from '../shared/guard';
import { sendFile } from '../shared/page/serve';
import type { JsonHost } from './json-routes';
import { type OperationServices, statesOf } from './operations';

/** Results of one kind since Node-RED was started. */
export interface CountedResults {
  integration: string;
  direction: string;
  outcome: string;
  count: number;
}

export interface MetricServices extends Pick<OperationServices, 'integrations'> {
  landed(): CountedResults[];
}

type Labels = Record<string, string | number>;

const escaped = (value: string | number): string =>
  String(value).slice(0, 200).replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');

class Metrics {
  private readonly lines: string[] = [];

  /** @param values those without a number are left out */
  add(name: string, type: 'gauge' | 'counter', help: string, values: [Labels, number | undefined][]): void {
    this.lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of values) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const all = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      this.lines.push(`${name}{${all.join(',')}} ${value}`);
    }
  }

  get text(): string {
    return `${this.lines.join('\n')}\n`;
  }
}

const STATES = ['waiting', 'held', 'sent', 'retry', 'parked', 'shown'] as const;
const seconds = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time) / 1_000;

/** The metrics as text. Pure. */
export function metricsText(states: IntegrationState[], landed: CountedResults[]): string {
  const metrics = new Metrics();
  const nameOf = new Map(states.map(({ id, name }) => [id, name]));
  const ofAll = (of: (state: IntegrationState) => number | undefined): [Labels, number | undefined][] =>
    states.map((state) => [{ integration: state.name, id: state.id }, of(state)]);
  const ofSides = (of: (side: SideView) => [Labels, number | undefined][]): [Labels, number | undefined][] =>
    states.flatMap(({ id, name, sides = [] }) =>
      sides.flatMap((view, index) =>
        of(view).map(([labels, value]): [Labels, number | undefined] => [
          { integration: name, id, side: index + 1, system: view.system.name, ...labels },
          value,
        ]),
      ),
    );
  metrics.add(
    'twinflow_integration_up',
    'gauge',
    '1 = it is active and nothing keeps it from running',
    ofAll(({ active, fault, held, unused, starting }) => Number(active && !fault && !held && !unused && !starting)),
  );
  metrics.add(
    'twinflow_changes',
    'gauge',
    'Changes that are not finished, by the side on which they were made and by state',
    ofSides(({ counts }) => STATES.map((state) => [{ state }, counts[state]])),
  );
  metrics.add(
    'twinflow_links',
    'gauge',
    'Linked items',
    ofAll(({ sides }) => sides?.[0].counts.links),
  );
  metrics.add(
    'twinflow_unsynced_links',
    'gauge',
    'Linked items that are no longer synced',
    ofSides(({ diverged }) => [[{}, diverged?.count ?? 0]]),
  );
  metrics.add(
    'twinflow_system_paused',
    'gauge',
    '1 = the system is in trouble, and Twinflow waits',
    ofSides(({ system }) => [[{}, system.pausedUntil === undefined ? 0 : 1]]),
  );
  metrics.add(
    'twinflow_last_poll_timestamp_seconds',
    'gauge',
    'When the last complete poll ended',
    ofSides(({ lastPoll }) => [[{}, seconds(lastPoll?.at)]]),
  );
  metrics.add(
    'twinflow_results_total',
    'counter',
    'Results since Node-RED was started; retry and parked: attempts that failed',
    landed.map(({ integration, direction, outcome, count }) => [
      { integration: nameOf.get(integration) ?? integration, id: integration, direction, outcome },
      count,
    ]),
  );
  return metrics.text;
}

/** Adds the route. Call it once per runtime. */
export function registerMetrics({ httpAdmin, auth }: JsonHost, { integrations, landed }: MetricServices): void {
  guardRoutes(httpAdmin);
  httpAdmin.get('/twinflow/metrics', auth.needsPermission('twinflow.read'), (_request, response, next) => {
    statesOf(integrations()).then(
      (states) => sendFile(response, 200, 'text/plain; version=0.0.4; charset=utf-8', metricsText(states, landed())),
      next,
    );
  });
}
