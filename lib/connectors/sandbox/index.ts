/**
 * The sandbox: a tracker inside Node-RED, to try Twinflow without any account, and what examples, tests and benchmarks
 * run on. It is as strict as a real server. Kept in `<data folder>/twinflow-sandbox.sqlite`, in memory without a folder.
 */

import { join } from 'node:path';
import { SyncError } from '../../model/errors';
import type { ConnectContext, Connection, Connector, ConnectorConfig } from '../connector';
import { SandboxConnection } from './connection';
import { openSandbox } from './open';
import type { SandboxSpace } from './space';
import { templates } from './templates';

export { listSandboxes, openSandbox, type SpaceOptions, type SpaceSummary } from './open';
export type { SandboxChange } from './shared-space';
export { SandboxSpace } from './space';
export {
  fieldsIn,
  listOf,
  type Person,
  type SandboxField,
  type SandboxProject,
  type SandboxTemplate,
  type SandboxType,
} from './template';
export { templates } from './templates';

/** The sandbox's file in a data folder. */
export const sandboxFile = (dataFolder: string | undefined): string | undefined =>
  dataFolder === undefined ? undefined : join(dataFolder, 'twinflow-sandbox.sqlite');

const DEFAULT_TEMPLATE = 'jira';
const DEFAULT_USER = 'sync';

export const sandbox: Connector = {
  kind: 'sandbox',
  label: 'Sandbox (a tracker inside Node-RED, to try things out)',
  category: 'sandbox',
  richText: 'markdown',
  config: [
    {
      name: 'space',
      label: 'Name',
      type: 'text',
      required: true,
      placeholder: 'left',
      hint: 'Systems that name the same sandbox share it. It is created when it is first used.',
    },
    {
      name: 'template',
      label: 'Speaks like',
      type: 'select',
      required: true,
      default: DEFAULT_TEMPLATE,
      options: [...templates.values()].map(({ name, label }) => ({ value: name, label })),
      hint: 'Decides its projects, entity types and fields when it is created.',
    },
    {
      name: 'user',
      label: 'Works as',
      type: 'text',
      default: DEFAULT_USER,
      hint: 'The person that Twinflow writes as: sync, alice, bob or carol.',
    },
  ],

  place: ({ space }) => textOf(space),

  connect(config: ConnectorConfig, context: ConnectContext): Connection {
    const space = textOf(config.space);
    const template = textOf(config.template);
    const fields: Record<string, string> = {};
    if (space === '') fields.space = 'is required';
    if (template !== '' && !templates.has(template)) fields.template = 'is not one of the list';
    if (Object.keys(fields).length > 0) {
      throw new SyncError('invalid', 'The sandbox needs a name and a template of the list.', { fields });
    }
    const opened = openSandbox({
      file: sandboxFile(context.dataFolder),
      space,
      template: template || DEFAULT_TEMPLATE,
      pageRoot: context.pageRoot,
    });
    return new SandboxConnection(opened, textOf(config.user) || DEFAULT_USER, complaints(opened, template));
  },
};

function complaints(space: SandboxSpace, template: string): string[] {
  if (template === '' || space.template.name === template) return [];
  return [
    `The sandbox "${space.name}" was created to speak like ${space.template.label} and goes on to do so. ` +
      'Choose that in "Speaks like", or another name for a new sandbox.',
  ];
}

function textOf(value: string | boolean | undefined): string {
  return typeof value === 'string' ? value.trim() : '';
}
