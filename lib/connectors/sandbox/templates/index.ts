/** The templates that a system form offers, by name. */

import type { SandboxTemplate } from '../template';
import { azureDevops } from './azure-devops';
import { jira } from './jira';
import { testManagement } from './test-management';

export const templates: ReadonlyMap<string, SandboxTemplate> = new Map(
  [jira, azureDevops, testManagement].map((template) => [template.name, template]),
);
