/**
 * The sandbox: a tracker inside Node-RED for trying Twinflow without any account. Examples, tests and benchmarks use
 * it, too. It is as strict as a real server. Stored in `<data folder>/twinflow-sandbox.sqlite`, or in memory without a
 * folder.
 */

import { join } from 'node:path';
import type { Connection } from '../connector';
import { choiceIfAny, defineConnector, requiredText, text } from '../kit/settings';
import { SandboxConnection } from './connection';
import { openSandbox } from './open';
import type { SandboxSpace } from './space';
import { templates } from './templates';

export { listSandboxes, openSandbox, type SpaceOptions, type SpaceSummary } from './open';
export type { SandboxChange } from './shared-space';
export { SandboxSpace } from './space';
export {
  attachmentsOn,
  commentsOn,
  fieldsIn,
  isPartType,
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

export const sandbox = defineConnector({
  kind: 'sandbox',
  label: 'Sandbox (a tracker inside Node-RED, to try things out)',
  category: 'sandbox',
  richText: 'markdown',
  settings: {
    space: requiredText({
      label: 'Name',
      placeholder: 'left',
      hint: 'Systems with the same name share a sandbox. It is created on first use.',
    }),
    template: choiceIfAny(
      {
        label: 'Behaves like',
        required: true,
        hint: 'Decides its projects, entity types and fields when it is created.',
      },
      [...templates.values()].map(({ name, label }) => ({ value: name, label })),
    ),
    user: text({ label: 'Works as', hint: 'The user that Twinflow writes as: sync, alice, bob or carol.' }, 'sync'),
  },
  place: ({ space }) => `${space ?? ''}`.trim(),
  connect({ space, template, user }, { dataFolder, pageRoot }): Connection {
    const opened = openSandbox({
      file: sandboxFile(dataFolder),
      space,
      template: template ?? DEFAULT_TEMPLATE,
      pageRoot,
    });
    return new SandboxConnection(opened, user, complaints(opened, template));
  },
});

function complaints(space: SandboxSpace, template: string | undefined): string[] {
  if (template === undefined || space.template.name === template) return [];
  return [
    `The sandbox "${space.name}" was created to behave like ${space.template.label} and keeps doing so. ` +
      'Select that in "Behaves like", or enter another name for a new sandbox.',
  ];
}
