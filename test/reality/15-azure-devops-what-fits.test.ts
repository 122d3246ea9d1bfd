/**
 * What only Azure DevOps knows of the values it takes is said of each field, so that one entry that does not fit costs neither
 * the others nor the change: tags (TF401407), lengths, names of areas and iterations. A line end in a title is a blank.
 */

import assert from 'node:assert/strict';
import { parseFailure } from '../../lib/connectors/azure-devops/failures';
import type { Connection } from '../../lib/connectors/connector';
import type { EntryRule, Field } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { connectTo, createBug, FABRIKAM, refused, write } from '../connectors/azure-devops/support';
import { type StandIn, startAzureDevOps } from '../systems/azure-devops';

/** As the mapper's checks apply it. */
function fits({ maxLength, without, pattern }: EntryRule, entry: string): boolean {
  if (maxLength !== undefined && [...entry].length > maxLength) return false;
  if (without !== undefined && new RegExp(without, 'u').test(entry)) return false;
  return pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(entry);
}

describe('reality 15: what fits into the fields of Azure DevOps', () => {
  let standIn: StandIn;
  let connection: Connection;
  let fields: Map<string, Field>;

  before(async () => {
    standIn = await startAzureDevOps();
    connection = connectTo(standIn, { missingPaths: 'create' });
    fields = new Map((await connection.fields(FABRIKAM, 'Bug')).map((field) => [field.id, field]));
  });
  after(async () => {
    await connection.close?.();
    await standIn.stop();
    assert.deepEqual(standIn.violations, []);
  });

  const rule = (id: string): EntryRule => {
    const entry = fields.get(id)?.entry;
    assert.ok(entry, `${id} has no rule`);
    return entry;
  };
  const tagsOf = async (tags: string[]) => {
    const result = await write(connection, {
      kind: 'create',
      project: FABRIKAM,
      type: 'Bug',
      fields: { 'System.Title': 'Tagged', 'System.Tags': tags },
    });
    return result.ok;
  };

  for (const tag of ['plain', 'two words', 'Größe', '日本語', 'a/b', 'C#', "it's", 'x'.repeat(400), 'c++ & d']) {
    it(`the tag ${tag.slice(0, 20)} fits, and is taken`, async () => {
      assert.ok(fits(rule('System.Tags'), tag));
      assert.ok(await tagsOf([tag]));
    });
  }
  for (const tag of [
    'a,b',
    'a;b',
    '✨ new feature',
    '🐛 bug',
    'zero\u200bwidth',
    'line\nend',
    '\u202eright',
    'x'.repeat(401),
  ]) {
    it(`the tag ${JSON.stringify(tag).slice(0, 24)} does not fit, and is refused before it is sent, by name`, async () => {
      assert.ok(!fits(rule('System.Tags'), tag));
      const bug: Fields = { 'System.Title': 'T', 'System.Tags': ['fine', tag] };
      const from = standIn.requests.length;
      const error = await refused(connection, { kind: 'create', project: FABRIKAM, type: 'Bug', fields: bug });
      assert.match(error.detail.fields?.['System.Tags'] ?? '', /cannot be a tag/);
      assert.ok(!standIn.requests.slice(from).some((request) => /\$Bug|\$batch/.test(request)));
    });
  }

  it('what the service itself refuses of tags is reported for the field Tags', () => {
    for (const message of [
      'TF401407: The tag name is invalid. It contains invalid characters.',
      'TF401243: Failed to save work item because too many new tags were added to the work item.',
    ]) {
      const failure = parseFailure(400, { message, typeKey: 'InvalidTagNameException' }, new Map());
      assert.deepEqual(failure?.fields, { 'System.Tags': message });
    }
  });

  it('more than a hundred tags are refused before they are sent', async () => {
    const tags = Array.from({ length: 101 }, (_, index) => `t${index}`);
    const bug: Fields = { 'System.Title': 'T', 'System.Tags': tags };
    const error = await refused(connection, { kind: 'create', project: FABRIKAM, type: 'Bug', fields: bug });
    assert.match(error.detail.fields?.['System.Tags'] ?? '', /at most 100 tags/);
    // a tag is the same in capitals
    assert.ok(await tagsOf([...tags.slice(0, 60), ...tags.slice(0, 60).map((tag) => tag.toUpperCase())]));
  });

  it('lengths are counted as the service counts them: UTF-16 units, long texts with their markup', async () => {
    assert.deepEqual(
      [fields.get('System.Title')?.maxLength, fields.get('System.Title')?.length],
      [255, { unit: 'utf16' }],
    );
    const description = fields.get('System.Description');
    assert.deepEqual([description?.maxLength, description?.length], [1_000_000, { unit: 'utf16', of: 'markup' }]);
    assert.ok((await createBug(connection, { 'System.Title': '𝄞'.repeat(127) })).id);
    const long: Fields = { 'System.Title': '𝄞'.repeat(128) };
    const error = await refused(connection, { kind: 'create', project: FABRIKAM, type: 'Bug', fields: long });
    assert.match(error.detail.fields?.['System.Title'] ?? '', /256 characters, at most 255/);
  });

  for (const [given, kept] of [
    ['two\nlines', 'two lines'],
    ['windows \r\n line', 'windows line'],
    ['a\ttab', 'a tab'],
    ['separator\u2028s', 'separator s'],
    ['bell\u0007 and null\u0000', 'bell and null'],
  ] as const) {
    it(`the title ${JSON.stringify(given)} is kept as ${JSON.stringify(kept)}`, async () => {
      const { fields: shown } = await createBug(connection, { 'System.Title': given });
      assert.equal(shown['System.Title'], kept);
    });
  }

  it('control characters in a long text go, line ends stay', async () => {
    const { fields: shown } = await createBug(connection, {
      'System.Description': { format: 'html', content: '<p>a\u0008b\nc</p>' },
    });
    assert.deepEqual(shown['System.Description'], { format: 'html', content: '<p>ab\nc</p>' });
  });

  it('names in paths: what cannot be made does not fit', async () => {
    for (const id of ['System.AreaPath', 'System.IterationPath']) {
      assert.ok(fits(rule(id), 'Fabrikam\\Hall 1\\Größe'));
      for (const path of ['Fabrikam\\a/b', 'Fabrikam\\what?', 'R&D', 'C#', 'a+b', 'line\nend'])
        assert.ok(!fits(rule(id), path), path);
    }
    for (const name of [
      'CON',
      'lpt3',
      '..',
      'Fabrikam\\x\\COM10',
      `Fabrikam\\${'x'.repeat(256)}`,
      Array(15).fill('deep').join('\\'),
    ]) {
      const bug: Fields = { 'System.Title': 'T', 'System.AreaPath': { name } };
      const error = await refused(connection, { kind: 'create', project: FABRIKAM, type: 'Bug', fields: bug });
      assert.equal(error.kind, 'invalid', name);
      assert.match(
        error.detail.fields?.['System.AreaPath'] ?? '',
        /cannot be the name of an area|too long|levels/,
        name,
      );
    }
  });

  it('a name that is there already may be anything: trees are older than their rules', async () => {
    const project = standIn.service.state.project('Fabrikam');
    assert.ok(project);
    standIn.service.state.addNode(project.areas, 'R&D');
    const other = connectTo(standIn, { missingPaths: 'create' });
    const area = (await other.fields(FABRIKAM, 'Bug')).find(({ id }) => id === 'System.AreaPath');
    assert.equal(area?.entry, undefined);
    const { fields: shown } = await createBug(other, { 'System.AreaPath': { name: 'Fabrikam\\R&D' } });
    assert.equal((shown['System.AreaPath'] as { name: string }).name, 'Fabrikam\\R&D');
    await other.close?.();
  });
});
