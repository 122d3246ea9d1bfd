/** Checks: what is written arrives, what cannot be written is refused in words, and our own writes are recognisable. */

import assert from 'node:assert/strict';
import type { Fields, Value } from '../../../lib/model/values';
import { checkWith, sampleOfType } from './capabilities';
import { newTitle, type Probe, refused, written } from './probe';
import { says, show } from './shape';

/** Texts that careless code breaks. */
const TEXTS: Record<string, string> = {
  'letters of many scripts': 'Grüße, naïve Ærøskøbing, Ελληνικά, עברית, 日本語, हिन्दी',
  emoji: 'ship it 🚢 👩‍👩‍👧 🇪🇺 done',
  'markup as data': '<script>alert("x")</script> &amp; <b>bold</b> %{color:red} {{{x}}} $1 \\n',
  'blanks at both ends': '  in the middle  ',
  quotes: `'; DROP TABLE issues; -- "double" \`back\``,
};

export function writingChecks(probe: Probe): void {
  if (probe.lacks('write')) return;
  describe('writing', () => {
    it('creates what read() then shows, in the version of the result', async () => {
      const title = newTitle('Fresh');
      const created = await probe.create({ [probe.system.title]: title });
      assert.equal(probe.titleOf(created), title);
      assert.deepEqual(await probe.read(created.id), created);
    });

    it('lets the next poll show our write as the result showed it: an echo is recognisable (trap 13)', async () => {
      const since = await probe.now();
      const created = await probe.create();
      assert.deepEqual(await probe.pollForVersion(since, created), created);
      const updated = await probe.update(created.id, { [probe.system.title]: newTitle('Echo') });
      assert.notEqual(updated.version, created.version);
      assert.deepEqual(await probe.pollForVersion(since, updated), updated);
    });

    it('updates only the fields that are given', async () => {
      const fields: Fields = Object.fromEntries(probe.system.samples.map(({ field, values }) => [field, values[0]]));
      const created = await probe.create(fields);
      const updated = await probe.update(created.id, { [probe.system.title]: newTitle('Renamed') });
      const others = (await probe.fields()).filter((field) => !field.readOnly && field.id !== probe.system.title);
      for (const { id } of others) assert.deepEqual(updated.fields[id], created.fields[id], id);
    });

    it('round-trips a value of each field type, changes it and clears it, each with a new version', async () => {
      const created = await probe.create();
      let { version } = created;
      for (const { field, values, stays } of probe.system.samples) {
        const steps: Value[] = stays ? [...values] : [...values, null];
        for (const value of steps) {
          const already = says((await probe.read(created.id)).fields[field], value);
          const result = await probe.update(created.id, { [field]: value });
          const got = result.fields[field];
          assert.ok(says(got, value), `${field}: wrote ${show(value)}, result has ${show(got)}`);
          assert.deepEqual(
            (await probe.read(created.id)).fields[field],
            got,
            `${field}: read() differs from the result`,
          );
          if (!already) assert.notEqual(result.version, version, `${field}: a change without a new version`);
          version = result.version;
        }
      }
    });

    it('writes back what it read without changing it', async () => {
      const fields: Fields = Object.fromEntries(probe.system.samples.map(({ field, values }) => [field, values[1]]));
      const created = await probe.create(fields);
      const same = Object.fromEntries(Object.keys(fields).map((id) => [id, created.fields[id] ?? null]));
      const updated = await probe.update(created.id, same);
      for (const id of Object.keys(fields)) assert.deepEqual(updated.fields[id], created.fields[id], id);
      assert.equal(
        (await probe.read(created.id)).version,
        updated.version,
        'the result has the version that now holds',
      );
    });

    for (const [what, text] of Object.entries(TEXTS)) {
      it(`stores text as data: ${what}`, async () => {
        const richText = await sampleOfType(probe, 'richtext', false);
        const title = `${newTitle('Text')} ${text}`;
        const fields: Fields = { [probe.system.title]: title };
        if (richText) fields[richText.field] = { format: richText.format ?? 'text', content: text };
        const created = await probe.create(fields);
        assert.equal(probe.titleOf(created), probe.normalised(title, probe.system.title));
        if (richText) assert.equal(contentOf(created.fields[richText.field]), probe.normalised(text, richText.field));
        assert.deepEqual(await probe.read(created.id), created);
      });
    }

    checkWith(
      probe,
      'richText',
      'keeps line ends, CRLF and LF, or tells by the result what became of them',
      async () => {
        const { field, format } = await richTextSample(probe);
        const content = 'one\r\ntwo\nthree\n\n- four';
        const created = await probe.create({ [field]: { format, content } });
        assert.equal(contentOf(created.fields[field]), probe.normalised(content, field));
      },
    );

    checkWith(probe, 'richText', 'takes a text of 5 MB whole or refuses it as invalid, naming the field', async () => {
      const { field, format } = await richTextSample(probe);
      const content = 'A line of some fifty characters, again and again.\n'.repeat(100_000).trim();
      const [result] = await probe.write([probe.creation({ [field]: { format, content } })]);
      if (result?.ok) assert.equal(contentOf(result.entity.fields[field]), probe.normalised(content, field));
      else assert.ok(refused(result, 'invalid').detail.fields?.[field], 'the field is named');
    });

    checkWith(probe, 'list', 'refuses a lookup value that there is not, naming the field', async () => {
      const sample = await sampleOf(probe, 'lookup');
      const value: Value = { name: 'No such value' };
      const [result] = await probe.write([probe.creation({ [sample.field]: sample.multi ? [value] : value })]);
      assert.ok(refused(result, 'invalid').detail.fields?.[sample.field]);
    });

    checkWith(probe, 'user', 'refuses a person that there is not, naming the field', async () => {
      const sample = await sampleOf(probe, 'user');
      const value: Value = { email: 'nobody@nowhere.invalid' };
      const [result] = await probe.write([probe.creation({ [sample.field]: sample.multi ? [value] : value })]);
      assert.ok(refused(result, 'invalid').detail.fields?.[sample.field]);
    });

    it('refuses a create without a required field, naming it', async () => {
      const { title } = probe.system;
      const [result] = await probe.write([probe.creation({ [title]: null })]);
      assert.ok(refused(result, 'invalid').detail.fields?.[title]);
    });

    checkWith(probe, 'titleLength', 'refuses a text that is too long, naming the field', async () => {
      const { title } = probe.system;
      const { maxLength } = await probe.field(title);
      assert.ok(maxLength);
      const longest = 'x'.repeat(maxLength);
      const results = await probe.write([
        probe.creation({ [title]: `${longest}x` }),
        probe.creation({ [title]: longest }),
      ]);
      assert.ok(refused(results[0], 'invalid').detail.fields?.[title]);
      assert.equal(probe.titleOf(written(results[1])), longest);
    });

    it('never drops a field without a word: unknown and read-only ones are refused or named as ignored', async () => {
      const readOnly = (await probe.fields()).find((field) => field.readOnly && field.type === 'datetime');
      for (const field of ['no-such-field', readOnly?.id]) {
        if (field === undefined) continue;
        const [result] = await probe.write([probe.creation({ [field]: '2020-02-02T02:02:02Z' })]);
        const named = result?.ok ? result.ignored : refused(result, 'invalid').detail.fields;
        assert.ok(named && Object.hasOwn(named, field), `${field} is not mentioned`);
      }
    });

    it('lets each operation of a batch succeed or fail alone, results in the order given', async () => {
      const { title } = probe.system;
      const one = await probe.create();
      const titles = [newTitle('First'), newTitle('Second'), newTitle('Third')] as const;
      const results = await probe.write([
        probe.creation({ [title]: titles[0] }),
        probe.creation({ [title]: '' }),
        { kind: 'update', id: one.id, fields: { [title]: titles[1] } },
        { kind: 'update', id: '999999999', fields: { [title]: 'nowhere' } },
        probe.creation({ [title]: titles[2] }),
      ]);
      assert.equal(probe.titleOf(written(results[0])), titles[0]);
      refused(results[1], 'invalid');
      assert.equal(written(results[2]).id, one.id);
      assert.equal(probe.titleOf(written(results[2])), titles[1]);
      // forbidden: the system does not tell what is gone from what is hidden
      refused(results[3], 'notFound', 'forbidden');
      assert.equal(probe.titleOf(written(results[4])), titles[2]);
    });

    it('refuses to create in a project or of a type that there is not', async () => {
      const { project, type, title } = probe.system;
      const results = await probe.write([
        { kind: 'create', project: 'no-such-project', type, fields: { [title]: 'nowhere' } },
        { kind: 'create', project, type: 'no-such-type', fields: { [title]: 'nothing' } },
      ]);
      for (const result of results) refused(result, 'notFound', 'invalid', 'forbidden');
    });

    it('answers an empty batch with no results', async () => {
      assert.deepEqual(await probe.write([]), []);
    });

    it('gives two edits within one tick of the clock different versions (trap 1)', async () => {
      const { id, version } = await probe.create();
      const versions = [version];
      for (let edit = 0; edit < 3; edit++) {
        versions.push((await probe.update(id, { [probe.system.title]: newTitle('Quick') })).version);
      }
      assert.equal(new Set(versions).size, versions.length, versions.join(', '));
    });
  });
}

const contentOf = (value: Value | undefined): unknown =>
  typeof value === 'object' && value !== null && 'content' in value ? value.content : value;

async function sampleOf(probe: Probe, type: 'lookup' | 'user' | 'richtext', multi?: boolean) {
  const sample = await sampleOfType(probe, type, multi);
  assert.ok(sample, `no sample of type ${type}`);
  return sample;
}

async function richTextSample(probe: Probe) {
  const { field, format = 'text' as const } = await sampleOf(probe, 'richtext', false);
  return { field, format };
}
