/** The sandbox passes the conformance suite, whatever it speaks like and however troublesome it is made. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../lib/connectors/connector';
import { openSandbox, type SandboxSpace, sandbox, sandboxFile } from '../../../lib/connectors/sandbox';
import { SyncError } from '../../../lib/model/errors';
import type { Fields } from '../../../lib/model/values';
import {
  connectorConformance,
  type FileAbilities,
  type FilesUnderTest,
  type PartAbilities,
  type RelationsUnderTest,
  type Sample,
  type Troubles,
} from '../../conformance/connector';

interface Setup {
  template: string;
  projects: [string, string];
  types: [string, string];
  title: string;
  required?: Fields;
  samples: Sample[];
  settleMs?: number;
  normalise?: (text: string) => string;
  parts?: PartAbilities;
  files?: FileAbilities;
  relations?: RelationsUnderTest;
  /** bytes; default 1 MB */
  largeFile?: number;
  prepare?: (space: SandboxSpace) => void;
}

const alice = { email: 'alice@example.com' };
const bob = { email: 'bob@example.com' };
const markdown = (content: string) => ({ format: 'markdown' as const, content });

/** The space's own switches. No answer of it leaves one out without a word. */
function troublesOf(space: SandboxSpace): Troubles {
  const withhold = (id: string) => {
    space.withhold(id, new SyncError('transient', 'The sandbox cannot show this entity just now.', { status: 500 }));
    return () => space.withhold(id, undefined);
  };
  return {
    credentialsDie: {
      'the account is refused': () => {
        space.refuse(new SyncError('auth', 'The account has been locked.'));
        return () => space.refuse(undefined);
      },
    },
    poisonTitle: (title) => {
      space.poisonText(title);
      return () => space.poisonText(undefined);
    },
    poisonEntity: withhold,
    leaveOut: { 'with an error': withhold },
  };
}

/** Attachments, and what can go wrong with them in this process. */
function filesOf(space: SandboxSpace, large: number): FilesUnderTest {
  const breaks = (how: number | SyncError) => (id: string) => {
    space.breakFile(id, how);
    return () => space.breakFile(id, undefined);
  };
  return {
    type: 'attachment',
    person: {
      add: async (owner, content) => (await space.attach('bob', owner, content)).id,
      remove: async (id) => void space.remove('bob', id),
    },
    large,
    limitTo: (maxBytes) => {
      const before = space.fileRules;
      space.limitFiles({ ...before, maxBytes });
      return () => space.limitFiles(before);
    },
    broken: {
      'half of them': breaks(5),
      'a page to sign in': breaks(new SyncError('auth', 'A web page came in place of the file.')),
    },
    loseAnswer: () => {
      space.failWrites(1, new SyncError('transient', 'The answer was lost.', { uncertain: true }), {
        carriedOut: true,
      });
      return () => undefined;
    },
  };
}

function sandboxConformance(title: string, setup: Setup): void {
  const { template, projects, types, samples, required, settleMs, normalise } = setup;
  const [project] = projects;
  const [type] = types;
  let dataFolder: string;
  let connection: Connection;
  let space: SandboxSpace;
  const connect = () => sandbox.connect({ space: 'proof', template, user: 'sync' }, { dataFolder });

  connectorConformance(`sandbox, ${title}`, {
    parts: setup.parts ?? {},
    files: setup.files ?? {},
    ...(setup.relations && { relations: setup.relations }),
    lacks: { proxyAnswers: 'it is in this process: no proxy stands before it' },
    async start() {
      dataFolder = mkdtempSync(join(tmpdir(), 'twinflow-sandbox-'));
      connection = connect();
      space = openSandbox({ file: sandboxFile(dataFolder), space: 'proof' });
      setup.prepare?.(space);
      const parent = space.create('bob', { project, type, fields: { [setup.title]: 'The parent', ...required } });
      const other = space.create('bob', { project, type, fields: { [setup.title]: 'Another parent', ...required } });
      const references = space
        .fields(project, type)
        .filter((field) => field.type === 'reference' && !field.multi)
        .map((field): Sample => ({ field: field.id, values: [{ id: parent.id }, { id: other.id }] }));
      return {
        connection,
        reconnect: connect,
        scope: { projects, types },
        project,
        type,
        title: setup.title,
        required,
        samples: [...samples, ...references],
        person: {
          user: space.person('bob'),
          create: async (titles) =>
            titles.map(
              (text) => space.create('bob', { project, type, fields: { [setup.title]: text, ...required } }).id,
            ),
          retitle: async (id, text) => void space.edit('bob', id, { [setup.title]: text }),
          remove: async (id) => void space.remove('bob', id),
        },
        settleMs,
        normalise,
        parts: {
          type: 'comment',
          text: 'text',
          loseAnswer: () => {
            space.failWrites(1, new SyncError('transient', 'The answer was lost.', { uncertain: true }), {
              carriedOut: true,
            });
            return () => undefined;
          },
          person: {
            add: async (owner, texts) =>
              texts.map((text) => {
                const fields = { text: markdown(text) };
                return space.create('bob', { project, type: 'comment', owner, fields }).id;
              }),
            edit: async (id, text) => void space.edit('bob', id, { text: markdown(text) }),
            ...(space.fields(project, 'comment').some((field) => field.id === 'visibility') && {
              hide: async (id: string) =>
                void space.edit('bob', id, { visibility: { id: 'internal', name: 'internal' } }),
            }),
            remove: async (id) => void space.remove('bob', id),
          },
        },
        files: filesOf(space, setup.largeFile ?? 1_000_000),
        troubles: troublesOf(space),
      };
    },
    async stop() {
      space.close();
      await connection.close?.();
      rmSync(dataFolder, { recursive: true });
    },
  });
}

const jira: Setup = {
  template: 'jira',
  projects: ['10000', '10001'],
  types: ['10102', '10101'],
  title: 'summary',
  relations: {
    ends: [
      ['link_blocks', 'link_is_blocked_by'],
      ['link_is_duplicated_by', 'link_duplicates'],
      ['link_relates_to', 'link_relates_to'],
    ],
  },
  samples: [
    { field: 'description', values: [markdown('**one**\n\n- a\n- b'), markdown('two')] },
    { field: 'status', values: [{ name: 'In Progress' }, { name: 'Done' }], stays: true },
    { field: 'priority', values: [{ name: 'High' }, { id: '5', name: 'Lowest' }], stays: true },
    { field: 'assignee', values: [alice, { name: 'Bob Baker' }] },
    { field: 'labels', values: [['ui', 'urgent'], ['ui']] },
    { field: 'components', values: [[{ name: 'Web' }, { name: 'Server' }], [{ name: 'Documentation' }]] },
    { field: 'duedate', values: ['2026-02-28', '2028-02-29'] },
    { field: 'customfield_10016', values: [0, 2.5] },
    { field: 'timeoriginalestimate', values: [3600, 0] },
    { field: 'customfield_10050', values: ['OTHER-1', 'OTHER-2'] },
    { field: 'customfield_10051', values: ['https://example.com/a?b=c#d', 'http://example.com/'] },
    { field: 'customfield_10052', values: [true, false] },
    { field: 'customfield_10053', values: ['2026-03-29T00:59:59.000Z', '2026-10-25T01:00:00.500Z'] },
    { field: 'customfield_10054', values: [[alice, bob], [{ login: 'carol' }]] },
  ],
};

sandboxConformance('speaking like Jira', { ...jira, largeFile: 100_000_000 });

sandboxConformance('speaking like Azure DevOps', {
  template: 'azure-devops',
  projects: ['6ce954b1-0001', '6ce954b1-0002'],
  types: ['Bug', 'Task'],
  title: 'System.Title',
  required: { 'System.AreaPath': { name: 'Fabrikam' } },
  relations: {
    ends: [
      ['System.LinkTypes.Dependency-Forward', 'System.LinkTypes.Dependency-Reverse'],
      ['System.LinkTypes.Duplicate-Reverse', 'System.LinkTypes.Duplicate-Forward'],
      ['System.LinkTypes.Related', 'System.LinkTypes.Related'],
    ],
  },
  samples: [
    { field: 'System.Description', values: [markdown('**one**'), markdown('two')] },
    { field: 'System.State', values: [{ name: 'Active' }, { name: 'Closed' }], stays: true },
    { field: 'Microsoft.VSTS.Common.Priority', values: [{ name: '1' }, { name: '4' }] },
    { field: 'System.AssignedTo', values: [alice, { name: 'Baker, Bob' }] },
    { field: 'System.AreaPath', values: [{ name: 'Fabrikam\\Web' }, { name: 'Fabrikam\\Apps' }], stays: true },
    { field: 'System.Tags', values: [['ui', 'urgent'], ['ui']] },
    { field: 'Microsoft.VSTS.Scheduling.RemainingWork', values: [7200, 0] },
    { field: 'Custom.ExternalId', values: ['DEMO-1', 'DEMO-2'] },
    { field: 'Custom.Blocked', values: [true, false] },
    { field: 'Custom.VerifiedAt', values: ['2026-03-29T00:59:59.000Z', '2026-10-25T01:00:00.500Z'] },
    { field: 'Custom.Platforms', values: [[{ name: 'Linux' }, { name: 'iOS' }], [{ name: 'Windows' }]] },
  ],
});

sandboxConformance('speaking like a test-management tool', {
  template: 'test-management',
  projects: ['1', '2'],
  types: ['case', 'run'],
  title: 'title',
  required: { section_id: { name: 'Login' } },
  samples: [
    { field: 'custom_steps', values: [markdown('1. log in\n2. log out'), markdown('1. wait')] },
    { field: 'priority_id', values: [{ name: 'Critical' }, { name: 'Low' }] },
    { field: 'custom_owner', values: [alice, { login: 'bbaker' }] },
    { field: 'estimate', values: [90, 5400] },
    { field: 'refs', values: ['DEMO-1', 'DEMO-2'] },
    { field: 'custom_tags', values: [['smoke', 'slow'], ['smoke']] },
    { field: 'custom_ready', values: [true, false] },
    { field: 'custom_platforms', values: [[{ name: 'Tablet' }, { name: 'Phone' }], [{ name: 'Desktop' }]] },
  ],
});

const stopped = jira.relations && { relations: { ...jira.relations, coarseClock: true } };

sandboxConformance('with a clock that stands still', {
  ...{ ...jira, ...stopped },
  prepare: (space) => space.setClock('2026-10-25T00:59:59Z', { frozen: true }),
});

sandboxConformance('with a clock of whole minutes and an index that lags', {
  ...{ ...jira, ...stopped },
  settleMs: 2000,
  prepare: (space) => {
    space.setClockResolution(60_000);
    space.setIndexLag(30);
  },
});

sandboxConformance('that trims texts', {
  ...jira,
  normalise: (text) => text.trim(),
  prepare: (space) => space.trimTexts(true),
});

sandboxConformance('whose comments move no issue', {
  ...jira,
  prepare: (space) => space.silenceParts('create', 'edit', 'delete'),
});

sandboxConformance('whose comments move an issue when they are written only, and whose writes have no answer', {
  ...jira,
  prepare: (space) => {
    space.silenceParts('edit', 'delete');
    space.blindParts(true);
  },
});

sandboxConformance('whose comments cannot be edited', {
  ...jira,
  parts: { edits: false },
  files: { renames: 'forbidden' },
  prepare: (space) => space.restrictParts({ edit: 'nobody' }),
});
