/**
 * HTTP requests per attachment between Jira and Azure DevOps, all polls and readings of both sides included, between stand-ins of both.
 * The least there can be is 2 towards Jira (read, add), and 3 towards Azure DevOps (read, upload, attach).
 */

import { randomBytes } from 'node:crypto';
import { filesIn, startVendors, type Vendors, withAttachments } from '../support/jira-azure-devops';
import { NodeRed } from '../support/node-red';
import { LATENCY_MS, quietFlow, rounded, settled, wait } from './vendors';

/** Per attachment that landed. */
export interface FileFigures {
  attachment: { jiraToAzureDevops: number; azureDevopsToJira: number };
}

/** Files of one bug. */
const EACH = 3;

/** @param files of each direction */
export async function benchVendorFiles(files: number): Promise<FileFigures> {
  const vendors: Vendors = await startVendors({
    jira: { latencyMs: LATENCY_MS },
    azure: { contract: false, latencyMs: LATENCY_MS },
  });
  const red = await NodeRed.start();
  const { jira, azure } = vendors;
  try {
    await red.deploy(withAttachments(quietFlow(vendors)));
    await settled(vendors);
    const bugs = Math.ceil(files / EACH);
    for (let n = 0; n < bugs; n += 1) vendors.createIssue({ summary: `Filed ${n}` });
    await wait('the issues are in Azure DevOps', () => vendors.items().length >= bugs);
    await settled(vendors);
    const there = () =>
      vendors.issues().reduce((sum, issue) => sum + filesIn(issue).length, 0) +
      vendors.items().reduce((sum, item) => sum + vendors.filesOf(item).length, 0);
    const cost = async (what: string, add: (bug: number, name: string) => void) => {
      const [before, had] = [jira.requests.length + azure.requests.length, there()];
      for (let bug = 0; bug < bugs; bug += 1) for (let n = 0; n < EACH; n += 1) add(bug, `${n}.txt`);
      await wait(what, () => there() >= had + 2 * bugs * EACH);
      return rounded(((await settled(vendors)) - before) / (bugs * EACH));
    };
    const bytes = () => randomBytes(1_000);
    const toAzure = await cost('the files are in Azure DevOps', (bug, name) => {
      const issue = vendors.issue(`Filed ${bug}`);
      if (issue) vendors.attachInJira(issue, name, bytes());
    });
    const toJira = await cost('the files are in Jira', (bug, name) => {
      vendors.attachInAzure(vendors.item(`Filed ${bug}`)?.id ?? 0, name, bytes());
    });
    return { attachment: { jiraToAzureDevops: toAzure, azureDevopsToJira: toJira } };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}
