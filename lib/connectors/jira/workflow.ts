/**
 * Changes of status, by the kit's workflow. Jira shows only the transitions of an issue's current status
 * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-get).
 */

import { isJson, type Json, textOf } from '../kit/json';
import { type Transition, Workflow } from '../kit/workflow';
import type { JiraApi } from './api';
import { among } from './jql';

export const workflowOf = (api: JiraApi): Workflow =>
  new Workflow({
    thing: 'issue',
    transitions: async (id) => (await api.transitions(id)).flatMap(transitionOf),
    async examples({ project, type }, status) {
      const jql = [among('project', [project]), among('issuetype', [type]), among('status', [status])].join(' AND ');
      const { issues } = await api.search({ jql: `${jql} ORDER BY updated DESC`, fields: ['status'], size: 2 });
      return issues.map(({ id }) => id);
    },
    take: (id, transition, fields) =>
      api.transition(id, {
        transition: { id: transition.id },
        ...(Object.keys(fields).length > 0 && { fields }),
      }),
  });

function transitionOf({ id: rawId, name, to, fields }: Json): Transition[] {
  const id = textOf(rawId);
  const end = isJson(to) ? textOf(to.id) : undefined;
  if (!id || !isJson(to) || !end) return [];
  const screen = Object.entries(isJson(fields) ? fields : {}).map(([field, meta]): [string, boolean] => [
    field,
    isJson(meta) && meta.required === true && meta.hasDefaultValue !== true,
  ]);
  return [{ id, name: textOf(name) ?? id, to: { id: end, name: textOf(to.name) ?? '' }, fields: new Map(screen) }];
}
