/** The stand-in as the Jira tests use it: with people, issues of each type, and connections that note their requests. */

import assert from 'node:assert/strict';
import type { Checkpoint, Connection, ConnectorConfig, Scope, WriteResult } from '../../../lib/connectors/connector';
import { jira as connector } from '../../../lib/connectors/jira';
import type { Entity } from '../../../lib/model/entity';
import { type FilesUnderTest, fileBytes, type PartPerson, type Troubles } from '../../conformance/connector';
import { type Jira, type JiraOptions, startJira } from '../../systems/jira';
import type { Answer } from '../../systems/jira/answer';
import { contractMissing } from '../../systems/jira/contract';
import type { Issue } from '../../systems/jira/issue';

export const DEMO = '10200';
export const SUPP = '10201';
export const [EPIC, STORY, BUG, TASK, SUBTASK] = ['10000', '10001', '10002', '10003', '10004'] as const;
export const scope: Scope = { projects: [DEMO, SUPP], types: [BUG, TASK] };

export type Deployment = 'cloud' | 'datacenter';

/** What a title says of how far the exchanges were checked. */
export const checked = (deployment: Deployment): string =>
  deployment === 'cloud'
    ? `Jira Cloud stand-in${contractMissing === undefined ? ', every exchange validated' : ` (not validated: ${contractMissing})`}`
    : 'Jira Data Center stand-in';

/** Issue 20000 and 20001 are epics, the rest one of each type and project. */
export async function start(options: JiraOptions = {}): Promise<Jira> {
  const jira = await startJira(options);
  for (const summary of ['Epic one', 'Epic two']) make(jira, summary, { type: EPIC });
  for (const project of [DEMO, SUPP]) for (const type of [STORY, BUG, TASK]) make(jira, 'Seed', { project, type });
  make(jira, 'Seed', { type: SUBTASK, fields: { parent: { id: '20002' } } });
  return jira;
}

/** An issue that somebody made in the browser. */
export function make(
  jira: Jira,
  summary: string,
  {
    by = 'bob',
    project = DEMO,
    type = BUG,
    fields = {},
  }: { by?: string; project?: string; type?: string; fields?: Record<string, unknown> } = {},
): Issue {
  return jira.site.create(jira.person(by), {
    fields: { project: { id: project }, issuetype: { id: type }, summary, ...fields },
  });
}

export function edit(jira: Jira, id: string, fields: Record<string, unknown>, by = 'bob'): void {
  const issue = jira.site.find(id);
  assert.ok(issue, id);
  jira.site.edit(jira.person(by), issue, { fields });
}

/** Somebody who comments in the browser. */
export function commenter(jira: Jira, by = 'bob'): PartPerson {
  const { site, faults } = jira;
  const person = jira.person(by);
  const found = (id: string) => {
    const place = site.findComment(id.replace(/^.*#comment-/, ''));
    assert.ok(place, id);
    return place;
  };
  return {
    async add(owner, texts) {
      const issue = site.find(owner);
      assert.ok(issue, owner);
      return texts.map((text) => `${owner}#comment-${site.comment(person, issue, site.text(text)).id}`);
    },
    async edit(id, text) {
      const { issue, comment } = found(id);
      site.editComment(person, issue, comment, { body: site.text(text) }, faults.commentsMove);
    },
    async remove(id) {
      const { issue, comment } = found(id);
      site.removeComment(person, issue, comment, faults.commentsMove);
    },
  };
}

/** What goes wrong with attachments, and somebody who adds some in the browser. */
export function filesUnderTest(jira: Jira, by = 'bob'): FilesUnderTest {
  const { site, faults, files } = jira;
  const ownIdOf = (id: string) => id.replace(/^.*#attachment-/, '');
  const inPlaceOf = (answer: Answer) => (id: string) => {
    const own = ownIdOf(id);
    const path = site.isCloud ? `/attachment/content/${own}$` : `/secure/attachment/${own}/`;
    const mend = { over: false };
    jira.interfere(
      new RegExp(`^GET .*${path}`),
      () => answer,
      Number.POSITIVE_INFINITY,
      () => !mend.over,
    );
    return () => {
      mend.over = true;
    };
  };
  const binary = { 'Content-Type': 'application/octet-stream' };
  const html = { 'Content-Type': 'text/html; charset=utf-8' };
  const login = '<!DOCTYPE html><html><body><form><input type="password"></form>Log in to Jira</body></html>';
  return {
    type: 'attachment',
    person: {
      async add(owner, content) {
        const issue = site.find(owner);
        assert.ok(issue, owner);
        const stored = files.keep(await fileBytes(content));
        const { id } = site.attach(jira.person(by), issue, content.name, stored, content.mediaType);
        return `${owner}#attachment-${id}`;
      },
      async remove(id) {
        const found = site.findAttachment(ownIdOf(id));
        assert.ok(found, id);
        site.detach(jira.person(by), found.issue, found.attachment);
      },
    },
    limitTo: (bytes) => {
      const before = faults.uploadLimit;
      faults.uploadLimit = bytes;
      return () => {
        faults.uploadLimit = before;
      };
    },
    broken: {
      'half of the bytes': inPlaceOf({ status: 200, headers: binary, body: 'x'.repeat(500) }),
      'more bytes': inPlaceOf({ status: 200, headers: binary, body: 'x'.repeat(1_500) }),
      'a page to sign in': inPlaceOf({ status: 200, headers: html, body: login }),
      'the way to a page to sign in': inPlaceOf({ status: 302, headers: { Location: '/login.jsp?os_destination=x' } }),
      'a part of the bytes': inPlaceOf({ status: 206, headers: binary, body: 'x'.repeat(1_000) }),
      'a refusal by an app that checks files': inPlaceOf({ status: 403, headers: html, body: 'Try again later' }),
      'no content in the store': inPlaceOf({ status: 404, headers: html, body: '<!DOCTYPE html>404' }),
    },
    loseAnswer: () => {
      faults.lostAnswers.push('POST /issue/{issueIdOrKey}/attachments');
      return () => {
        faults.lostAnswers.length = 0;
      };
    },
  };
}

export const configOf = (jira: Jira, login = 'sync'): ConnectorConfig => {
  const { email, apiToken, accessToken } = jira.person(login);
  return jira.site.isCloud
    ? { deployment: 'cloud', url: jira.url, auth: 'apiToken', email, apiKey: apiToken }
    : { deployment: 'datacenter', url: jira.url, auth: 'pat', token: accessToken };
};

export const connect = (jira: Jira, config: ConnectorConfig = {}): Connection =>
  connector.connect({ ...configOf(jira), ...config }, { http: { retries: 0 } });

/** Fails where an exchange broke the vendor's description. */
export function assertContract(jira: Jira | undefined): void {
  assert.deepEqual(jira?.violations ?? [], []);
}

/** The requests that `work` makes, as "POST search/jql". */
export async function requestsOf(jira: Jira, work: () => Promise<unknown>): Promise<string[]> {
  const before = jira.requests.length;
  await work();
  return jira.requests.slice(before).map((request) => request.replace(/\/rest\/api\/[23]\//, ''));
}

export interface Polled {
  entities: Entity[];
  checkpoints: Checkpoint[];
  checkpoint: Checkpoint;
  ids: string[];
}

/** One poll to its end. */
export async function poll(
  connection: Connection,
  since: Checkpoint | undefined,
  pageSize = 100,
  within = scope,
): Promise<Polled> {
  const entities: Entity[] = [];
  const checkpoints: Checkpoint[] = [];
  for await (const page of connection.changes(within, since, pageSize)) {
    entities.push(...page.entities);
    checkpoints.push(JSON.parse(JSON.stringify(page.checkpoint)));
  }
  const checkpoint = checkpoints.at(-1);
  assert.ok(checkpoint);
  return { entities, checkpoints, checkpoint, ids: entities.map(({ id }) => id) };
}

export function written(result: WriteResult | undefined): Extract<WriteResult, { ok: true }> {
  assert.ok(result);
  if (!result.ok) assert.fail(result.error.message);
  return result;
}

export function refused(result: WriteResult | undefined) {
  assert.ok(result);
  if (result.ok) assert.fail('was written');
  return result.error;
}

export const adf = (...paragraphs: string[]) => ({
  format: 'adf' as const,
  content: JSON.stringify({
    content: paragraphs.map((text) => ({ content: [{ text, type: 'text' }], type: 'paragraph' })),
    type: 'doc',
    version: 1,
  }),
});

/** What can go wrong with the stand-in, as the conformance suite turns it on. */
export function troublesOf({ faults, site }: Jira): Troubles {
  const within = (set: Set<string>) => (one: string) => {
    set.add(one);
    return () => void set.delete(one);
  };
  const dead = (credentials: 'refused' | 'silent') => () => {
    faults.credentials = credentials;
    return () => {
      faults.credentials = undefined;
    };
  };
  return {
    credentialsDie: { '401': dead('refused'), ...(site.isCloud ? { '200 with nothing': dead('silent') } : {}) },
    poisonTitle: within(faults.poisoned),
    poisonEntity: (id) => {
      const issue = site.find(id);
      const names = issue ? [id, site.keyOf(issue)] : [id];
      for (const name of names) faults.poisoned.add(name);
      return () => {
        for (const name of names) faults.poisoned.delete(name);
      };
    },
    leaveOut: {
      'without a word': within(faults.leftOut),
      ...(site.isCloud ? { 'in issueErrors': within(faults.undelivered) } : {}),
    },
    proxyAnswers: () => {
      faults.proxyAnswers = true;
      return () => {
        faults.proxyAnswers = false;
      };
    },
  };
}
