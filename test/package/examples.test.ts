import assert from 'node:assert/strict';
import { withItemComments } from '../../lib/connectors/item-comments';
import { fieldsIn, type SandboxProject, type SandboxTemplate, sandbox, templates } from '../../lib/connectors/sandbox';
import type { DefaultRow, FieldChoice, FieldRow, IntegrationConfig, ValueRow } from '../../lib/model/config';
import type { Field } from '../../lib/model/entity';
import { example, exampleNames } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';

/** The sandbox template that stands behind a side of the example, if it is a sandbox. */
function templateOf(flow: FlowNode[], systemId: string) {
  const system = flow.find(({ id }) => id === systemId);
  const config = system?.config as { template?: string } | undefined;
  return system?.kind === 'sandbox' ? templates.get(config?.template ?? '') : undefined;
}

/** The fields of a type, which may be that of comments on named items. */
async function fieldsOf(template: SandboxTemplate, project: SandboxProject, type: string): Promise<Field[]> {
  const own = template.types.find(({ id }) => id === type);
  if (own) return fieldsIn(project, own);
  const connection = withItemComments(sandbox.connect({ space: template.name, template: template.name }, {}));
  const fields = await connection.fields(project.id, type);
  await connection.close?.();
  return fields;
}

describe('package/examples', function () {
  this.timeout(60_000);
  let red: NodeRed;

  before(async () => {
    red = await NodeRed.start();
  });
  after(() => red?.stop());

  it('are those that the documentation names', () => {
    assert.deepEqual(exampleNames().sort(), [
      'alerts',
      'commits-on-items',
      'failed-build-to-bug',
      'jira-azure-devops',
      'redmine-both-ways',
      'redmine-one-way',
      'sandbox-both-ways',
      'sandbox-bugs-with-discussion',
    ]);
  });

  for (const name of exampleNames()) {
    describe(name, () => {
      const flow = example(name);
      const ids = new Set(flow.map(({ id }) => id));

      it('holds together: every wire, every integration and every system is in it', () => {
        for (const node of flow) {
          const links = [node.z, node.integration, node.system1, node.system2, ...[node.wires ?? []].flat(2)];
          for (const link of links)
            assert.ok(link === undefined || link === '' || ids.has(String(link)), `${node.type}: ${link}`);
        }
      });

      it('holds no credentials', () => {
        assert.doesNotMatch(JSON.stringify(flow), /credentials|apiKey":|password":/i);
      });

      it('is imported and runs, without a node type that is missing', async () => {
        const before = red.log.length;
        await red.deploy(flow);
        assert.equal((await red.flows()).length, flow.length);
        assert.doesNotMatch(red.log.slice(before), /missing types|TypeError|ReferenceError/);
      });

      if (!flow.some(({ kind }) => kind === 'sandbox')) return;

      it('maps only fields and values that its sandboxes have', async () => {
        const integration = flow.find(({ type }) => type === 'twinflow-integration') as unknown;
        const { system1, system2, projectPairs, typePairs } = integration as IntegrationConfig;
        const sides = [
          { system: system1, end: 'one' },
          { system: system2, end: 'two' },
        ] as const;
        for (const { system, end } of sides) {
          const template = templateOf(flow, system);
          if (!template) continue;
          for (const [index, pair] of typePairs.entries()) {
            const project = template.projects.find(({ id }) => id === projectPairs[0]?.[end].id);
            assert.ok(project, `pair ${index}`);
            const fields = new Map(
              (await fieldsOf(template, project, pair[end].id)).map((field): [string, Field] => [field.id, field]),
            );
            const known = (choice: FieldChoice | undefined) => {
              if (!choice) return;
              const field = fields.get(choice.id);
              assert.equal(field?.name, choice.name);
              assert.equal(field?.type, choice.type);
            };
            for (const { type: nodeType, rows } of flow) {
              if (nodeType === 'twinflow-field-mapper') for (const row of rows as FieldRow[]) known(row[end]);
              if (nodeType === 'twinflow-value-mapper') {
                for (const row of rows as ValueRow[]) {
                  known(row[end]);
                  const values = fields.get(row[end].id)?.values ?? [];
                  for (const one of row.pairs) assert.ok(values.some(({ name: value }) => value === one[end].name));
                }
              }
              if (nodeType === 'twinflow-default-mapper') {
                for (const row of rows as DefaultRow[]) if ((row.side === 1) === (end === 'one')) known(row.field);
              }
            }
          }
        }
      });
    });
  }
});
