/**
 * HTTP requests per landed change between Jira and Azure DevOps, all polls of both sides included, and how much of an
 * allowed rate a backlog uses. Between stand-ins of both, since no server of either can run here; they page, batch and
 * refuse as the vendors do, and take their time. The flow is the example as it is shipped, counterparts written back
 * included. Six to ten minutes for a thousand changes of each kind, five for the limit; a part that hangs is given up after
 * five.
 *
 * What is polled: every 15 seconds, four times as often as the default.
 *
 * What limits: Jira Cloud tells with each answer what is left of a window (X-RateLimit-Limit, -Remaining, -Reset) and
 * refuses with 429 and Retry-After (https://developer.atlassian.com/cloud/jira/platform/rate-limiting/). How much is
 * allowed is not published for API tokens. Here it is 300 requests in a minute – that page gives resets in whole minutes –
 * which four writes at a time would exceed eight times over. Azure DevOps counts load, not requests (200 units in five minutes,
 * https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits), which a hundredth of a request per change is
 * far from, so nothing limits there.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { personOf as azurePerson } from '../connectors/azure-devops/support';
import {
  azureWrites,
  jiraWrites,
  PRIORITY,
  saidIn,
  saidOf,
  startVendors,
  type Vendors,
  withComments,
} from '../support/jira-azure-devops';
import { NodeRed } from '../support/node-red';
import type { Issue } from '../systems/jira/issue';

/** A part that takes longer is given up. */
const LONGEST_MS = 5 * 60_000;
const POLL_S = 15;
/** An answer of either over the internet. */
export const LATENCY_MS = 100;
const WINDOW_MS = 60_000;
const PER_WINDOW = 300;

export interface VendorFigures {
  /** requests per landed change, backlog of updates */
  jiraToAzureDevops: number;
  azureDevopsToJira: number;
  /** the same of creates, the way back to where they came from included */
  azureDevopsToJiraCreates: number;
  jiraToAzureDevopsCreates: number;
  /** requests that write the way back into Jira's issues, of those: Jira takes one issue in a request */
  backIntoJira: number;
  backIntoAzureDevops: number;
  /** requests of one poll that finds nothing, the average of both systems */
  emptyPoll: number;
  /** the same in the minutes after so many changes, which polls look back on */
  pollAfterBacklog: number;
}

/** Requests for each landed comment, all polls and readings of both sides included; 1 is the least there can be. */
export interface CommentFigures {
  comment: { jiraToAzureDevops: number; azureDevopsToJira: number };
  commentEdit: { jiraToAzureDevops: number; azureDevopsToJira: number };
}

export interface RateFigures {
  /** share of the allowed requests that was used while a backlog waited */
  rateLimitUse: number;
  /** refusals in that time */
  refusals: number;
  landedPerSecond: number;
}

const count = ({ jira, azure }: Vendors): number => jira.requests.length + azure.requests.length;
export const rounded = (number: number): number => Math.round(number * 10_000) / 10_000;

export async function wait(what: string, done: () => boolean): Promise<void> {
  const end = Date.now() + LONGEST_MS;
  while (!done()) {
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}`);
    await sleep(100);
  }
}

/**
 * Two polls of each side have read and written nothing but what they look at every time.
 * @returns the requests until the first of them was over
 */
export async function settled(vendors: Vendors): Promise<number> {
  const { jira, azure } = vendors;
  const work = () =>
    [...jira.requests, ...azure.requests].filter((one) => !/^GET |\/search\/jql$|reporting/i.test(one)).length;
  const end = Date.now() + LONGEST_MS;
  let last = work();
  let since = Date.now();
  let met: number | undefined;
  while (Date.now() < end) {
    await sleep(200);
    const [now, quiet] = [work(), Date.now() - since];
    if (now !== last) {
      [last, since, met] = [now, Date.now(), undefined];
    } else if (quiet > (POLL_S + 1) * 1_000) {
      met ??= count(vendors);
      if (quiet > (2 * POLL_S + 2) * 1_000) return met;
    }
  }
  throw new Error('The flow does not come to rest');
}

/** Requests of one poll that finds nothing, by three polls of each side. Nothing else is to be done. */
async function idlePoll(vendors: Vendors): Promise<number> {
  const before = count(vendors);
  await sleep(3 * POLL_S * 1_000);
  return rounded((count(vendors) - before) / 6);
}

/** Comments of one bug. */
const EACH = 5;

/**
 * What a comment costs, with five on each bug. Jira's edits move their issue here; where a site is silent about them, they are found
 * later, and cost what looking again does.
 * @param comments of each direction
 */
export async function benchVendorComments(comments: number): Promise<CommentFigures> {
  const vendors = await startVendors({
    jira: { latencyMs: LATENCY_MS },
    azure: { contract: false, latencyMs: LATENCY_MS },
  });
  const red = await NodeRed.start();
  const { jira, azure } = vendors;
  const [alice, carol] = [jira.person('alice'), azurePerson('carol')];
  try {
    await red.deploy(withComments(quietFlow(vendors)));
    await settled(vendors);
    const bugs = Math.ceil(comments / EACH);
    for (let n = 0; n < bugs; n += 1) vendors.createIssue({ summary: `Talked about ${n}` });
    await wait('the issues are in Azure DevOps', () => vendors.items().length >= bugs);
    await settled(vendors);
    const ends = () =>
      vendors.issues().map((issue) => ({ issue, item: vendors.item(String(issue.values.summary))?.id ?? 0 }));
    const heard = (words: string) => ({
      inJira: vendors
        .issues()
        .flatMap(saidIn)
        .filter((one) => one.isCopy && one.words.includes(words)).length,
      inAzure: vendors
        .items()
        .flatMap(saidOf)
        .filter((one) => one.isCopy && one.words.includes(words)).length,
    });
    const count = bugs * EACH;
    const perComment = async (what: string, make: () => void, landed: () => boolean) => {
      const before = vendors.jira.requests.length + vendors.azure.requests.length;
      make();
      await wait(what, landed);
      return rounded(((await settled(vendors)) - before) / count);
    };
    const each = (act: (end: { issue: Issue; item: number }, n: number) => void) => {
      for (const end of ends()) for (let n = 0; n < EACH; n += 1) act(end, n);
    };
    const newInAzure = await perComment(
      'the comments are in Azure DevOps',
      () => each(({ issue }, n) => vendors.sayInJira(issue, `first ${n}`)),
      () => heard('first').inAzure >= count,
    );
    const newInJira = await perComment(
      'the comments are in Jira',
      () => each(({ item }, n) => vendors.sayInAzure(item, `<p>second ${n}</p>`)),
      () => heard('second').inJira >= count,
    );
    const editInAzure = await perComment(
      'the edits are in Azure DevOps',
      () => {
        for (const issue of vendors.issues())
          for (const comment of issue.comments.filter(({ by }) => by === alice.login))
            jira.site.editComment(alice, issue, comment, { body: jira.site.text('third') }, true);
      },
      () => heard('third').inAzure >= count,
    );
    const editInJira = await perComment(
      'the edits are in Jira',
      () => {
        for (const { id, comments: all } of vendors.items())
          for (const one of all.filter(({ by }) => by.id === carol.id))
            azure.comments.update('Fabrikam', id, one.id, { text: '<p>fourth</p>' }, new URLSearchParams(), carol);
      },
      () => heard('fourth').inJira >= count,
    );
    return {
      comment: { jiraToAzureDevops: newInAzure, azureDevopsToJira: newInJira },
      commentEdit: { jiraToAzureDevops: editInAzure, azureDevopsToJira: editInJira },
    };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}

export const quietFlow = (vendors: Vendors) =>
  vendors.flow({ 'twinflow-poller': { interval: POLL_S, unit: 'seconds' }, debug: { active: false } });

/** @param changes of each kind, waiting as a backlog */
export async function benchVendors(changes: number): Promise<VendorFigures> {
  const vendors = await startVendors({
    jira: { latencyMs: LATENCY_MS },
    azure: { contract: false, latencyMs: LATENCY_MS },
  });
  const red = await NodeRed.start();
  const { jira, azure } = vendors;
  try {
    await red.deploy(quietFlow(vendors));
    // a new integration begins with what changes after its first poll
    await settled(vendors);
    // what projects, types and fields there are has been asked for before anything is counted
    for (let n = 0; n < 5; n += 1) {
      vendors.createIssue({ summary: `Everyday ${n}` });
      vendors.createItem({ 'System.Title': `Everyday from Azure DevOps ${n}` });
    }
    await wait('the first ones are on both sides', () => vendors.items().length + vendors.issues().length >= 20);
    await settled(vendors);
    const emptyPoll = await idlePoll(vendors);
    const numbers = Array.from({ length: changes }, (_, index) => index);
    /** Requests until all has landed and its echoes have been met, all polls in that time included. */
    const perChange = async (what: string, make: () => void, landed: () => boolean) => {
      const before = count(vendors);
      make();
      await wait(what, landed);
      return rounded(((await settled(vendors)) - before) / changes);
    };

    let written = jiraWrites(jira).length;
    const jiraToAzureDevopsCreates = await perChange(
      'the issues are in Azure DevOps',
      () => {
        for (const n of numbers) vendors.createIssue({ summary: `From Jira ${n}`, labels: ['bench'] });
      },
      () => vendors.items().length >= 10 + changes,
    );
    const backIntoJira = rounded((jiraWrites(jira).length - written) / changes);
    written = azureWrites(azure).length;
    const azureDevopsToJiraCreates = await perChange(
      'the work items are in Jira',
      () => {
        for (const n of numbers) vendors.createItem({ 'System.Title': `From Azure DevOps ${n}`, [PRIORITY]: 2 });
      },
      () => vendors.issues().length >= 10 + 2 * changes,
    );
    const backIntoAzureDevops = rounded((azureWrites(azure).length - written) / changes);
    const issues = vendors.issues().slice(10, 10 + changes);
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
    return {
      jiraToAzureDevops,
      azureDevopsToJira,
      azureDevopsToJiraCreates,
      jiraToAzureDevopsCreates,
      backIntoJira,
      backIntoAzureDevops,
      emptyPoll,
      pollAfterBacklog: await idlePoll(vendors),
    };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}

/** Over the server's own windows that lie wholly within the backlog. @param updates times, ms since 1970 */
function used({ windows, refusals }: Vendors['jira'], updates: number[]) {
  const [first = 0, last = 0] = [updates.at(0), updates.at(-1)];
  const whole = windows.filter(({ since }) => since > first && since + WINDOW_MS < last);
  const begin = whole.at(0)?.since ?? last;
  // a pause between two windows is time that was not used
  const end = windows.find(({ since }) => since > (whole.at(-1)?.since ?? last))?.since ?? last;
  if (whole.length < 2) throw new Error('the backlog was over before the rate could be measured');
  const refused = refusals.filter((at) => at >= begin && at < end).length;
  const passed = whole.reduce((sum, { requests }) => sum + requests, 0) - refused;
  return { rateLimitUse: rounded(passed / (((end - begin) / WINDOW_MS) * PER_WINDOW)), refusals: refused };
}

/**
 * A backlog of updates from Azure DevOps to a Jira that allows a rate and tells what is left, each update a request.
 * @param changes of which each costs a request; they last for several windows
 */
export async function benchRateLimit(changes: number): Promise<RateFigures> {
  const limit = { requests: PER_WINDOW, perMs: WINDOW_MS, told: true };
  const vendors = await startVendors({
    jira: { rateLimit: limit, latencyMs: LATENCY_MS },
    azure: { contract: false, latencyMs: LATENCY_MS },
  });
  const red = await NodeRed.start();
  try {
    await red.deploy(quietFlow(vendors));
    await settled(vendors);
    for (let n = 0; n < changes; n += 1) vendors.createItem({ 'System.Title': `Backlog ${n}` });
    await wait('the work items are in Jira', () => vendors.issues().length >= changes);
    await settled(vendors);
    const updates: number[] = [];
    vendors.jira.refusals.splice(0);
    vendors.jira.onRequest = (method) => {
      if (method === 'PUT') updates.push(Date.now());
    };
    const began = Date.now();
    for (const { id } of vendors.items()) vendors.editItem(id, { [PRIORITY]: 1 });
    const landed = () => vendors.issues().filter(({ values }) => values.priority === '1').length;
    await wait('the backlog has landed', () => landed() >= changes);
    const seconds = (Date.now() - began) / 1_000;
    vendors.jira.onRequest = undefined;
    return { ...used(vendors.jira, updates), landedPerSecond: Math.round((changes / seconds) * 10) / 10 };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}
