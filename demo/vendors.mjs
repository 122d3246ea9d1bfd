/**
 * For `--demo jira-azure-devops`: stand-ins of Jira Cloud and Azure DevOps in this process, on ports of this machine only,
 * with a few bugs in them. They are those that the tests use, strict as the vendors' own, and have no pages: changes are
 * made by their APIs, with a line of curl.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';

export const VENDORS = 'jira-azure-devops';
const SECONDS = 2;

const bugs = [
  ['Cart loses items', 'Add two books, then reload: the second is gone.'],
  ['Typing error in the footer', 'It says "Imprnit".'],
];

const paragraph = (text) => ({
  type: 'doc',
  version: 1,
  content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});

/**
 * @param first the flow is new: it is given addresses, tokens and a quick poll, which `flows` must be deployed for
 * @returns `store` for this start only, and `words` that say how to make a change
 */
export async function startVendors(userDir, first) {
  const [{ startJira }, { startAzureDevOps, PEOPLE }] = await Promise.all([
    tsImport('../test/systems/jira/index.ts', import.meta.url),
    tsImport('../test/systems/azure-devops/index.ts', import.meta.url),
  ]);
  const jira = await startJira({ indexLagMs: 500 });
  const azure = await startAzureDevOps({ contract: false });
  for (const [summary, description] of bugs) {
    const place = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' } };
    jira.site.create(jira.person('alice'), { fields: { ...place, summary, description: paragraph(description) } });
  }

  const token = (who) => PEOPLE.find(({ uniqueName }) => uniqueName === `${who}@example.com`).token;
  const file = join(userDir, `${VENDORS}.json`);
  const access = {
    jira: { url: jira.url, credentials: { apiKey: jira.person('sync').apiToken } },
    'azure-devops': { url: azure.url, credentials: { token: token('sync') } },
  };
  const flows = JSON.parse(readFileSync(file, 'utf8')).map((node) => {
    if (first && node.type === 'twinflow-poller') return { ...node, interval: SECONDS, unit: 'seconds', start: 'all' };
    const given = node.type === 'twinflow-system' ? access[node.kind] : undefined;
    // a system that the user has put in its place stays
    if (!given || !(first || /^http:\/\/127\.0\.0\.1:/.test(node.config.url))) return node;
    const config = { ...node.config, url: given.url };
    return first ? { ...node, config, credentials: given.credentials } : { ...node, config };
  });
  // tokens are not written into a flow: Node-RED takes them when it deploys, and keeps them encrypted
  writeFileSync(file, JSON.stringify(first ? [] : flows, null, 2));

  const store = join(userDir, `${VENDORS}.sqlite`);
  for (const ending of ['', '-wal', '-shm']) rmSync(store + ending, { force: true });

  const curl = (who, secret, rest) => `curl -s -u ${who}:${secret} ${rest}`;
  const issue =
    '{"issueUpdates":[{"fields":{"project":{"key":"DEMO"},"issuetype":{"name":"Bug"},"summary":"From Jira"}}]}';
  const edit = '[{"op":"add","path":"/fields/System.State","value":"Active"}]';
  const words = [
    `  Jira           ${jira.url}   stand-in: an API without pages`,
    `  Azure DevOps   ${azure.url}   stand-in: an API without pages`,
    '',
    'Each change that lands is a line here. To create a bug in Jira:',
    '',
    `  ${curl('alice@example.com', jira.person('alice').apiToken, `-H 'Content-Type: application/json' -d '${issue}' ${jira.url}/rest/api/3/issue/bulk`)}`,
    '',
    'To change one in Azure DevOps (work item 1):',
    '',
    `  ${curl('', token('carol'), `-X PATCH -H 'Content-Type: application/json-patch+json' -d '${edit}' '${azure.url}/_apis/wit/workitems/1?api-version=7.1'`)}`,
    '',
  ].join('\n');
  return {
    store,
    words,
    flows: first ? flows : undefined,
    stop: () => Promise.all([jira.stop(), azure.stop()]),
  };
}
