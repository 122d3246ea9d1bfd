/**
 * HTTP requests per landed change between Jira and Azure DevOps, all polls of both sides included, and how much of an
 * allowed rate a backlog uses. Between stand-ins of both, since no server of either can run here; they page, batch and
 * refuse as the vendors do.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { PRIORITY, startVendors, type Vendors } from '../support/jira-azure-devops';
import { NodeRed } from '../support/node-red';

const LONGEST_MS = 10 * 60_000;
const POLL_S = 10;
/** What the limited server lets through: a fixed window, told by headers with each answer. */
const WINDOW_MS = 10_000;
const PER_WINDOW = 150;

export interface VendorFigures {
  /** requests per landed change, backlog of updates */
  jiraToAzureDevops: number;
  azureDevopsToJira: number;
  azureDevopsToJiraCreates: number;
  jiraToAzureDevopsCreates: number;
  /** of both systems together, a poll each */
  emptyPoll: number;
}

export interface RateFigures {
  /** share of the allowed requests that was used while a backlog waited */
  rateLimitUse: number;
  /** refusals in that time */
  refusals: number;
  landedPerSecond: number;
}

const count = ({ jira, azure }: Vendors): number => jira.requests.length + azure.requests.length;
const rounded = (number: number): number => Math.round(number * 10_000) / 10_000;

async function wait(what: string, done: () => boolean): Promise<void> {
  const end = Date.now() + LONGEST_MS;
  while (!done()) {
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}`);
    await sleep(100);
  }
}

/** Requests until all has landed and its echoes have been met: no request but two idle polls in a row. */
async function requestsFor(vendors: Vendors, what: string, make: () => void, landed: () => boolean): Promise<number> {
  await settled(vendors);
  const before = count(vendors);
  make();
  await wait(what, landed);
  return (await settled(vendors)) - before;
}

/** @returns the count before the idle polls by which rest is known */
async function settled(vendors: Vendors): Promise<number> {
  let last = count(vendors);
  for (;;) {
    await sleep(POLL_S * 1_000);
    const now = count(vendors);
    if (now - last <= 2) return last;
    last = now;
  }
}

const quietFlow = (vendors: Vendors, urls: { jira?: string } = {}, poller: Record<string, unknown> = {}) =>
  vendors.flow({ 'twinflow-poller': { interval: POLL_S, unit: 'seconds', ...poller }, debug: { active: false } }, urls);

/** @param changes of each kind, waiting as a backlog */
export async function benchVendors(changes: number): Promise<VendorFigures> {
  const vendors = await startVendors({ azure: { contract: false } });
  const red = await NodeRed.start();
  try {
    await red.deploy(quietFlow(vendors));
    const numbers = Array.from({ length: changes }, (_, index) => index);
    const perChange = async (what: string, make: () => void, landed: () => boolean) =>
      rounded((await requestsFor(vendors, what, make, landed)) / changes);

    const jiraToAzureDevopsCreates = await perChange(
      'the issues are in Azure DevOps',
      () => {
        for (const n of numbers) vendors.createIssue({ summary: `From Jira ${n}`, labels: ['bench'] });
      },
      () => vendors.items().length >= changes,
    );
    const azureDevopsToJiraCreates = await perChange(
      'the work items are in Jira',
      () => {
        for (const n of numbers) vendors.createItem({ 'System.Title': `From Azure DevOps ${n}`, [PRIORITY]: 2 });
      },
      () => vendors.issues().length >= 2 * changes,
    );
    const issues = vendors.issues().slice(0, changes);
    const jiraToAzureDevops = await perChange(
      'the updates are in Azure DevOps',
      () => {
        for (const issue of issues) vendors.editIssue(issue, { priority: { name: 'Low' }, labels: ['bench', 'low'] });
      },
      () => vendors.items().filter(({ fields }) => fields[PRIORITY] === 4).length >= changes,
    );
    const items = vendors.items().slice(-changes);
    const azureDevopsToJira = await perChange(
      'the updates are in Jira',
      () => {
        for (const { id } of items) vendors.editItem(id, { [PRIORITY]: 1, 'System.Tags': 'bench; high' });
      },
      () => vendors.issues().filter(({ values }) => values.priority === '1').length >= changes,
    );
    // over five polls of each side
    await settled(vendors);
    const before = count(vendors);
    await sleep(5 * POLL_S * 1_000);
    const emptyPoll = rounded((count(vendors) - before) / 10);
    return { jiraToAzureDevops, azureDevopsToJira, azureDevopsToJiraCreates, jiraToAzureDevopsCreates, emptyPoll };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}

/** Over the whole windows between the first update and the last one; the first window is that of getting to know it. */
function used(requests: { at: number; method: string }[], refusals: number[]) {
  const updates = requests.filter(({ method }) => method === 'PUT').map(({ at }) => at);
  const first = (updates.at(0) ?? 0) + WINDOW_MS;
  const windows = Math.floor(((updates.at(-1) ?? 0) - first) / WINDOW_MS);
  if (windows < 2) throw new Error('the backlog was over before the rate could be measured');
  const last = first + windows * WINDOW_MS;
  const within = (at: number) => at >= first && at < last;
  const refused = refusals.filter(within).length;
  const passed = requests.filter(({ at }) => within(at)).length - refused;
  return { rateLimitUse: rounded(passed / (windows * PER_WINDOW)), refusals: refused };
}

/**
 * A backlog of updates from Azure DevOps to a Jira that allows a rate and tells what is left, each update a request.
 * @param changes of which each costs a request; they last for several windows
 */
export async function benchRateLimit(changes: number): Promise<RateFigures> {
  const limit = { requests: PER_WINDOW, perMs: WINDOW_MS, told: true };
  const vendors = await startVendors({ jira: { rateLimit: limit }, azure: { contract: false } });
  const red = await NodeRed.start();
  try {
    await red.deploy(quietFlow(vendors));
    await settled(vendors);
    for (let n = 0; n < changes; n += 1) vendors.createItem({ 'System.Title': `Backlog ${n}` });
    await wait('the work items are in Jira', () => vendors.issues().length >= changes);
    await settled(vendors);
    const requests: { at: number; method: string }[] = [];
    vendors.jira.refusals.splice(0);
    vendors.jira.onRequest = (method) => requests.push({ at: Date.now(), method });
    const began = Date.now();
    for (const { id } of vendors.items()) vendors.editItem(id, { [PRIORITY]: 1 });
    const landed = () => vendors.issues().filter(({ values }) => values.priority === '1').length;
    await wait('the backlog has landed', () => landed() >= changes);
    const seconds = (Date.now() - began) / 1_000;
    vendors.jira.onRequest = undefined;
    const { refusals } = vendors.jira;
    return { ...used(requests, refusals), landedPerSecond: Math.round((changes / seconds) * 10) / 10 };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}
