/** Runs the stand-in alone: `tsx test/systems/jira/main.ts [cloud|datacenter] [port]`, for demonstrations. */

import { PEOPLE, startJira } from './index';

async function main(): Promise<void> {
  const [, , kind, port] = process.argv;
  const deployment = kind === 'datacenter' ? 'datacenter' : 'cloud';
  const jira = await startJira({ deployment, port: Number(port ?? 0), indexLagMs: 2_000 });
  const project = { key: 'DEMO' };
  for (const [index, summary] of ['The login page is slow', 'Export as CSV', 'Typing error in the help'].entries()) {
    jira.site.create(jira.person('alice'), {
      fields: { project, issuetype: { name: index === 1 ? 'Story' : 'Bug' }, summary },
    });
  }
  console.log(`Jira (${deployment}) stands in at ${jira.url}`);
  for (const { login, email, apiToken, accessToken } of PEOPLE) {
    console.log(
      deployment === 'cloud'
        ? `  ${email} with API token ${apiToken}`
        : `  ${login} with personal access token ${accessToken}`,
    );
  }
}

void main();
