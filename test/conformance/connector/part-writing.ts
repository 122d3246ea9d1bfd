/** Checks: parts that are written, edited and removed are so once, as they were sent, or refused in words. */

import assert from 'node:assert/strict';
import type { WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Value } from '../../../lib/model/values';
import type { PartAbilities } from './harness';
import { idsOf, type PartProbe } from './part-probe';
import { newTitle, type Probe, refused, written } from './probe';

/** Texts that careless code breaks. */
const TEXTS: Record<string, string> = {
  'line ends, CRLF and LF': 'one\r\ntwo\nthree\r\n\r\nfour',
  'emoji and letters of many scripts': 'ship it 🚢 👩‍👩‍👧 Grüße, 日本語, हिन्दी',
  'text from right to left': 'שלום עולם \u202aDEMO-1\u202c مرحبا',
  'blanks at the end': 'two blanks at the end  ',
  'blanks and line ends at the end': 'done\n\n',
  'markup as data': '<script>alert("x")</script> &amp; {{{x}}} $1 \\n <!-- no marker -->',
};

const BLANK: Record<string, string | null> = {
  nothing: null,
  'an empty text': '',
  blanks: '   ',
  'line ends and tabs': '\r\n\t\n',
};

export function partWritingChecks(probe: Probe, parts: PartProbe, can: PartAbilities): void {
  it('of one owner in one batch keep its order, also beside those of another', async () => {
    const [one, two] = [await parts.owner(), await parts.owner()];
    const texts = Array.from({ length: 8 }, (_, index) => newTitle(`Batch ${index}`));
    const operations = await Promise.all(
      texts.map((text, index) => parts.creation(index % 2 === 0 ? one.id : two.id, text)),
    );
    const made = (await probe.write(operations)).map(written);
    assert.deepEqual(
      made.map((part) => parts.textOf(part)),
      texts.map((text) => parts.kept(text)),
    );
    const of = (remainder: number) => made.filter((_, index) => index % 2 === remainder);
    assert.deepEqual(await parts.of(one.id, two.id), [of(0), of(1)]);
  });

  it('that fail in the middle of a batch have their own error, and the others land in order', async () => {
    const { id } = await parts.owner();
    const texts = [newTitle('First'), null, newTitle('Third'), newTitle('Fourth')];
    const results = await parts.tryAll(id, texts);
    refused(results[1], 'invalid');
    const landed = [results[0], results[2], results[3]].map(written);
    assert.deepEqual(await parts.allOf(id), landed);
  });

  for (const [what, text] of Object.entries(BLANK)) {
    it(`with ${what} are refused as invalid, naming the field, and leave nothing`, async () => {
      const { id } = await parts.owner();
      const [result] = await parts.tryAll(id, [text]);
      assert.ok(refused(result, 'invalid').detail.fields?.[parts.system.text], 'the field is named');
      assert.deepEqual(await parts.allOf(id), []);
    });
  }

  for (const [what, text] of Object.entries(TEXTS)) {
    it(`keep ${what}, or what the system is known to make of it`, async () => {
      const { id } = await parts.owner();
      const part = await parts.create(id, text);
      assert.equal(parts.textOf(part), parts.kept(text));
      assert.deepEqual(await parts.allOf(id), [part]);
      assert.deepEqual(await probe.read(part.id), part);
    });
  }

  it('keep what stands around NUL and control characters, or are refused as invalid, naming the field', async () => {
    const { id } = await parts.owner();
    const [result] = await parts.tryAll(id, ['before\u0000\u0007\u001bafter']);
    if (result?.ok) {
      assert.match(String(parts.textOf(result.entity)), /before.*after/s);
      assert.deepEqual(await parts.allOf(id), [result.entity]);
      return;
    }
    assert.ok(refused(result, 'invalid').detail.fields?.[parts.system.text], 'the field is named');
    assert.deepEqual(await parts.allOf(id), []);
  });

  it('whose create has no answer are one, which is found among ours', async () => {
    const { id } = await parts.owner();
    const before = await parts.create(id, newTitle('Before'));
    const text = newTitle('Lost answer');
    const marker = newTitle('marker');
    const result = await withoutAnswer(parts, 'create', async () => parts.creation(id, text, marker), probe);
    if (!result) return;
    assert.deepEqual(await parts.textsOf(id), [parts.textOf(before), parts.kept(text)]);
    const [, made] = await parts.allOf(id);
    if (result.ok) assert.equal(result.entity.id, made?.id);
    const createdBySelfSince = before.createdAt ?? before.updatedAt;
    const ours = await parts.find({ owner: id, createdBySelfSince });
    assert.deepEqual(idsOf(ours.filter((part) => part.id !== before.id)), [made?.id]);
    if (can.markers ?? true) assert.deepEqual(idsOf(await parts.find({ owner: id, marker })), [made?.id]);
  });

  it('take the longest text that the field allows, and refuse a longer one, naming the field', async () => {
    const { id } = await parts.owner();
    const { maxLength } = await parts.textField();
    const longest = 'x'.repeat(maxLength ?? 30_000);
    const [fits, exceeds] = await parts.tryAll(id, maxLength === undefined ? [longest] : [longest, `${longest}x`]);
    assert.equal(parts.textOf(written(fits)), parts.kept(longest));
    if (exceeds) assert.ok(refused(exceeds, 'invalid').detail.fields?.[parts.system.text], 'the field is named');
    assert.deepEqual(await parts.textsOf(id), [parts.kept(longest)]);
  });

  it('keep their version while their neighbours are written, so that an echo is recognised', async () => {
    const { id } = await parts.owner();
    const first = await parts.create(id, newTitle('First'));
    const second = await parts.create(id, newTitle('Second'));
    await parts.system.person.add(id, [newTitle('Third')]);
    await probe.update(id, { [probe.system.title]: newTitle('Renamed') });
    assert.deepEqual((await parts.allOf(id)).slice(0, 2), [first, second]);
  });

  it('that are to be internal or public are that, or are refused: never the other', async () => {
    const { id } = await parts.owner();
    const field = (await parts.fields()).find((one) => one.id === 'visibility');
    if (!field || field.readOnly) return;
    const ids = (field.values ?? []).map((one) => one.id ?? '').sort();
    assert.ok(ids.length > 0 && ids.every((one) => ['internal', 'public'].includes(one)), ids.join(', '));
    for (const seen of ids) {
      const operation = await parts.creation(id, newTitle(seen));
      const visibility: Value = field.values?.find((one) => one.id === seen) ?? null;
      const [result] = await probe.write([{ ...operation, fields: { ...operation.fields, visibility } }]);
      if (result?.ok) assert.deepEqual(result.entity.fields.visibility, visibility);
      else refused(result, 'invalid', 'forbidden');
    }
    for (const { fields } of await parts.allOf(id)) assert.equal(isAmong(fields.visibility, field.values), true);
  });

  it('that we write say how they moved their owner, if they say it at all', async () => {
    const { id } = await parts.owner();
    await parts.create(id, newTitle('First'));
    const before = await parts.versionOf(id);
    const [result] = await probe.write([await parts.creation(id, newTitle('Second'))]);
    written(result);
    const after = await parts.versionOf(id);
    if (result?.ok && result.owner) assert.deepEqual(result.owner, { before, after });
  });

  if (can.edits ?? true) editChecks(probe, parts);
  else {
    it('cannot be edited: it is refused as forbidden, and nothing is written', async () => {
      const { id } = await parts.owner();
      const part = await parts.create(id, newTitle('For ever'));
      const fields = { [parts.system.text]: await parts.value(newTitle('Changed')) };
      const [result] = await probe.write([{ kind: 'update', id: part.id, fields }]);
      refused(result, 'forbidden');
      assert.deepEqual(await parts.allOf(id), [part]);
    });
  }
  if (can.removals ?? true) removalChecks(probe, parts);
}

const seenBy = (value: Value | undefined): unknown =>
  typeof value === 'object' && value !== null && 'id' in value ? value.id : value;

/** Writes while the answer is lost: its result, an uncertain one unless the connection knows better; undefined: cannot be. */
async function withoutAnswer(
  parts: PartProbe,
  verb: 'create' | 'edit',
  operation: () => Promise<WriteOperation>,
  probe: Probe,
): Promise<WriteResult | undefined> {
  const written = await operation();
  const mend = await parts.system.loseAnswer?.(verb);
  if (!mend) return undefined;
  const [result] = await probe.write([written]);
  await mend();
  if (result?.ok) return result;
  const { uncertain } = refused(result, 'transient').detail;
  // an edit may be repeated, so nothing depends on whether it arrived; but that it did not cannot be said
  if (verb === 'create') assert.equal(uncertain, true, 'nobody knows whether it arrived');
  else assert.notEqual(uncertain, false, 'nobody knows whether it arrived');
  return result;
}

const isAmong = (value: Value | undefined, values: readonly { name: string }[] = []): boolean =>
  typeof value === 'object' && value !== null && 'name' in value && values.some(({ name }) => name === value.name);

function editChecks(probe: Probe, parts: PartProbe): void {
  it('that we edit keep id, key and place, and have another version, which the next reading shows', async () => {
    const { id } = await parts.owner();
    const [first, second] = await parts.createAll(id, [newTitle('First'), newTitle('Second')]);
    assert.ok(first && second);
    const text = newTitle('Edited');
    const edited = await parts.edit(first.id, text);
    assert.equal(parts.textOf(edited), parts.kept(text));
    assert.notEqual(edited.version, first.version);
    assert.deepEqual([edited.id, edited.key, edited.createdAt], [first.id, first.key, first.createdAt]);
    assert.deepEqual(await parts.allOf(id), [edited, second]);
    assert.deepEqual(await probe.read(first.id), edited);
  });

  it('whose edit has no answer have one state, also when the edit is repeated', async () => {
    const { id } = await parts.owner();
    const part = await parts.create(id, newTitle('Before'));
    const text = newTitle('Lost answer');
    const fields = { [parts.system.text]: await parts.value(text) };
    const edit = async (): Promise<WriteOperation> => ({ kind: 'update', id: part.id, fields });
    if (!(await withoutAnswer(parts, 'edit', edit, probe))) return;
    assert.deepEqual(await parts.textsOf(id), [parts.kept(text)]);
    await probe.write([await edit()]);
    const [now, ...more] = await parts.allOf(id);
    assert.deepEqual([now?.id, now && parts.textOf(now), more], [part.id, parts.kept(text), []]);
  });

  it('that somebody hides from customers are internal from then on, with another version', async () => {
    const { person } = parts.system;
    if (!person.hide) return;
    const { id } = await parts.owner();
    const [theirs = ''] = await person.add(id, [newTitle('Open')]);
    const before = await probe.read(theirs);
    assert.equal(seenBy(before.fields.visibility), 'public');
    await person.hide(theirs);
    const [after] = await parts.allOf(id);
    assert.deepEqual([after?.id, seenBy(after?.fields.visibility)], [theirs, 'internal']);
    assert.notEqual(after?.version, before.version);
    assert.deepEqual(await probe.read(theirs), after);
  });

  it('of others are edited, and stay theirs, or are refused as forbidden and stay as they are', async () => {
    const { id } = await parts.owner();
    const [theirs = ''] = await parts.system.person.add(id, [newTitle('Theirs')]);
    const before = await probe.read(theirs);
    const text = newTitle('Edited by us');
    const fields = { [parts.system.text]: await parts.value(text) };
    const [result] = await probe.write([{ kind: 'update', id: theirs, fields }]);
    const after = await probe.read(theirs);
    if (result?.ok) assert.equal(parts.textOf(after), parts.kept(text));
    else {
      refused(result, 'forbidden');
      assert.deepEqual(after, before);
    }
    assert.deepEqual(after.createdBy, before.createdBy);
    assert.deepEqual(idsOf(await parts.allOf(id)), [theirs]);
  });

  it('that others edit twice within one tick of the clock have another version each time', async () => {
    const { id } = await parts.owner();
    const { person } = parts.system;
    const [part = ''] = await person.add(id, [newTitle('Quick')]);
    const versions = [(await probe.read(part)).version];
    for (let edit = 0; edit < 2; edit++) {
      await person.edit(part, newTitle('Quick'));
      versions.push((await parts.allOf(id))[0]?.version ?? '');
    }
    assert.equal(new Set(versions).size, versions.length, versions.join(', '));
  });

  it('are not emptied by an edit: that is refused as invalid, and the text stays', async () => {
    const { id } = await parts.owner();
    const part = await parts.create(id, newTitle('Stays'));
    for (const text of [null, ' \n']) {
      const fields = { [parts.system.text]: text === null ? null : await parts.value(text) };
      const [result] = await probe.write([{ kind: 'update', id: part.id, fields }]);
      assert.ok(refused(result, 'invalid').detail.fields?.[parts.system.text], 'the field is named');
    }
    assert.deepEqual(await parts.allOf(id), [part]);
  });
}

function removalChecks(probe: Probe, parts: PartProbe): void {
  it('that we remove disappear, their neighbours stay, and removing them again succeeds', async () => {
    const { id } = await parts.owner();
    const made = await parts.createAll(id, [newTitle('First'), newTitle('Second'), newTitle('Third')]);
    const [first, second, third] = made;
    assert.ok(first && second && third);
    assert.deepEqual(await parts.remove(second.id), [undefined]);
    assert.deepEqual(await parts.allOf(id), [first, third]);
    const [read] = await probe.connection.read(probe.system.scope, [second.id]);
    assert.equal(read, undefined);
    assert.deepEqual(await parts.remove(second.id, third.id), [undefined, undefined]);
    assert.deepEqual(await parts.allOf(id), [first]);
    assert.deepEqual(await parts.remove(), []);
  });

  it('that somebody else removed are not among the others, and are gone by their id', async () => {
    const { id } = await parts.owner();
    const { person } = parts.system;
    const ids = await person.add(id, [newTitle('First'), newTitle('Second'), newTitle('Third')]);
    const [one = '', two = '', three = ''] = ids;
    await person.remove?.(two);
    assert.deepEqual(idsOf(await parts.allOf(id)), [one, three]);
    assert.deepEqual(await parts.remove(two), [undefined]);
    const [read] = await probe.connection.read(probe.system.scope, [two]);
    assert.equal(read, undefined);
  });

  it('can be removed, and nothing else can: an item is refused and stays', async () => {
    const { id } = await parts.owner();
    const [error] = await parts.remove(id);
    assert.ok(error, 'the item was not refused');
    assert.equal((await probe.read(id)).id, id);
  });
}
