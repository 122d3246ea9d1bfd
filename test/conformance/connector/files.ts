/**
 * Checks: files are carried whole, in parts, and once, with the names that they have; what is not the file is never taken for it.
 * Numbers 20 to 25, 28, 29 and 31 of the list of checks on contents; what goes over HTTP has the others in test/connectors/http.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { broughtParts, type FileRules, type WriteOperation, type WriteResult } from '../../../lib/connectors/connector';
import { type FileContent, fileName, type OpenedFile } from '../../../lib/model/content';
import type { Entity, EntityId } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import { foundIn } from '../../support/delivered';
import { heldBytes } from '../../support/held';
import type { FileAbilities, FilesUnderTest } from './harness';
import { assertSyncError, newTitle, type Probe, refused, written } from './probe';
import { shapeProblem } from './shape';

const MB = 1_000_000;

/** Names that careless code breaks. */
const NAMES: Record<string, string> = {
  'blanks and several dots': 'a report. final (2).tar.gz',
  umlauts: 'Übersicht ß.txt',
  emoji: 'ship 🚢 👩‍👩‍👧.png',
  'percent signs and a hash': '100%25 #1 %20.txt',
  quotes: `a "quoted" 'name'.txt`,
  'a plus, an ampersand and semicolons': 'a+b&c;d=e.txt',
  'a leading dot': '.gitignore',
  'what looks like a path': '../../etc/passwd',
  'a path of Windows': 'C:\\temp\\a.txt',
  'letters from right to left': 'שלום.txt',
  'no extension': 'Makefile',
  'over 255 letters': `${'long '.repeat(80)}.docx`,
  'line ends': 'a\r\nX-Evil: 1.txt',
};

/** @param can undefined = the connection has no attachments */
export function fileChecks(probe: Probe, can: FileAbilities | undefined): void {
  describe('attachments', () => {
    it(can ? 'are there, as the connection says' : 'are not there, as the connection says', () => {
      const { open, fileRules } = probe.connection;
      assert.deepEqual([open !== undefined, fileRules !== undefined], [can !== undefined, can !== undefined]);
      assert.equal(probe.system.files !== undefined, can !== undefined, 'the harness says what they are');
    });
    if (!can) {
      it('have no entity types', async () => {
        const types = await probe.connection.entityTypes(probe.system.project);
        assert.ok(types.every(({ role }) => role !== 'attachment'));
      });
      return;
    }
    const files = new FileProbe(probe);
    shapeChecks(probe, files, can);
    carryingChecks(files);
    namingChecks(files, can);
    failingChecks(files, can);
    if (can.removals ?? true) removalChecks(probe, files, can);
  });
}

/** Short ways to do in a check what the engine does with files. */
class FileProbe {
  constructor(private readonly probe: Probe) {}

  get system(): FilesUnderTest {
    const { files } = this.probe.system;
    assert.ok(files, 'the harness says what the attachments are');
    return files;
  }

  async rules(): Promise<FileRules> {
    return (await this.probe.connection.fileRules?.(this.probe.system.project)) ?? {};
  }

  async owner(): Promise<EntityId> {
    return (await this.probe.create({ [this.probe.system.title]: newTitle('Owner') })).id;
  }

  creation(owner: EntityId, content: FileContent, marker?: string): WriteOperation {
    const { project } = this.probe.system;
    const fields = { name: content.name };
    return {
      ...{ kind: 'create', project, type: this.system.type, owner, fields, content },
      ...(marker !== undefined && { marker }),
    };
  }

  write(operations: WriteOperation[]): Promise<WriteResult[]> {
    return this.probe.write(operations);
  }

  tryAll(owner: EntityId, contents: FileContent[]): Promise<WriteResult[]> {
    return this.probe.write(contents.map((content) => this.creation(owner, content)));
  }

  async create(owner: EntityId, content: FileContent): Promise<Entity> {
    const [result] = await this.tryAll(owner, [content]);
    return written(result);
  }

  async open(id: EntityId): Promise<OpenedFile> {
    const { open } = this.probe.connection;
    assert.ok(open, 'the connection cannot open files');
    return open.call(this.probe.connection, id);
  }

  /** The SHA-256 of what is opened, and how many bytes it was. */
  async digest(id: EntityId): Promise<string> {
    return sha256(await this.open(id));
  }

  async allOf(owner: EntityId): Promise<Entity[]> {
    const { connection, system } = this.probe;
    const [result] = (await connection.parts?.(system.scope, [owner], [this.system.type])) ?? [];
    const brought = broughtParts(result);
    assert.ok(Array.isArray(brought), `parts() does not bring those of ${owner}`);
    return brought;
  }

  async ours(owner: EntityId, query: { since?: string; marker?: string }): Promise<Entity[]> {
    const { connection, system } = this.probe;
    const { since, marker } = query;
    const asked = { project: system.project, type: this.system.type, owner };
    const how = { ...(since !== undefined && { createdBySelfSince: since }), ...(marker !== undefined && { marker }) };
    return foundIn((await connection.find?.({ ...asked, ...how }, 20)) ?? []);
  }
}

async function sha256(file: OpenedFile): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const part of file.bytes) {
    hash.update(part);
    size += part.length;
  }
  assert.equal(size, file.size, 'as many bytes as were announced');
  return hash.digest('hex');
}

/** A file of random bytes of which none is ever held for long: the same each time it is opened. */
function fileOf(name: string, size: number, seed = name): FileContent {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let at = 0, number = 0; at < size; number++) {
      // some are smaller than any system's own parts, and some larger
      const length = Math.min(size - at, 1 + ((number * 77_777) % 300_000));
      // the first byte is one that no text has
      const filling = number === 0 ? 0 : createHash('sha256').update(`${seed} ${number}`).digest();
      const part = Buffer.alloc(length, filling);
      at += length;
      yield part;
    }
  }
  const open = async () => ({ size, bytes: bytes(), close: () => undefined });
  return { name, size, mediaType: 'application/octet-stream', open };
}

const digestOf = async (content: FileContent): Promise<string> => sha256(await content.open());
const idsOf = (parts: readonly Entity[]): EntityId[] => parts.map(({ id }) => id);

function shapeChecks(probe: Probe, files: FileProbe, can: FileAbilities): void {
  it('are parts of items with name, size, media type, author and time, of which at most the name is writable', async () => {
    const { project, type } = probe.system;
    const types = await probe.connection.entityTypes(project);
    const own = types.find(({ id }) => id === files.system.type);
    assert.deepEqual([own?.role, own?.partOf?.includes(type)], ['attachment', true]);
    const fields = await probe.connection.fields(project, files.system.type);
    const known = new Map(fields.map((field) => [field.id, field]));
    const name = known.get('name');
    assert.ok(name?.required && !name.readOnly, 'the name is required');
    assert.equal(name.createOnly ?? false, can.renames === false, 'whether they can be renamed');
    for (const [id, kind] of Object.entries({
      size: 'number',
      mediaType: 'text',
      createdBy: 'user',
      createdAt: 'datetime',
    }))
      assert.deepEqual([known.get(id)?.type, known.get(id)?.readOnly], [kind, true], id);
    const part = await files.create(await files.owner(), fileOf('a.bin', 10));
    assert.deepEqual(
      fields.map((field) => shapeProblem(field, part.fields[field.id])).filter((problem) => problem !== undefined),
      [],
    );
  });

  it('are read back as they were created, by parts() and by read(), with size, author and time', async () => {
    const owner = await files.owner();
    const part = await files.create(owner, fileOf('picture.png', 12_345));
    assert.deepEqual(await files.allOf(owner), [part]);
    assert.deepEqual(await probe.connection.read(probe.system.scope, [part.id]), [part]);
    assert.deepEqual([part.fields.name, part.fields.size, part.owner?.id], ['picture.png', 12_345, owner]);
    const { user } = await probe.connection.identify();
    assert.equal(part.createdBy?.id ?? part.createdBy?.login, user.id ?? user.login, 'we wrote it');
  });
}

function carryingChecks(files: FileProbe): void {
  it('bring the same bytes there and back, ours and those of others', async () => {
    const owner = await files.owner();
    const [mine, theirs] = [fileOf('mine.bin', 1_234_567), fileOf('theirs.bin', 7_654)];
    const part = await files.create(owner, mine);
    const other = await files.system.person.add(owner, theirs);
    assert.equal(await files.digest(part.id), await digestOf(mine));
    assert.equal(await files.digest(other), await digestOf(theirs));
    // what was read comes from a system, and goes to another one
    const copy = await files.create(owner, { ...mine, open: () => files.open(part.id) });
    assert.equal(await files.digest(copy.id), await digestOf(mine));
  });

  it('may be empty, or are refused as invalid, as the rules say', async () => {
    const owner = await files.owner();
    const { takesEmpty = true } = await files.rules();
    const [result] = await files.tryAll(owner, [fileOf('empty.txt', 0)]);
    if (!takesEmpty) {
      refused(result, 'invalid');
      assert.deepEqual(await files.allOf(owner), []);
      return;
    }
    const part = written(result);
    assert.equal(part.fields.size, 0);
    assert.equal(await files.digest(part.id), await digestOf(fileOf('empty.txt', 0)));
  });

  it('that are large go through in parts: memory does not grow with them', async function () {
    this.timeout(120_000);
    const { large = 100 * MB } = files.system;
    const owner = await files.owner();
    let peak = 0;
    const before = heldBytes();
    let timer: NodeJS.Timeout;
    const sample = (): void => {
      const begun = performance.now();
      peak = Math.max(peak, heldBytes() - before);
      // a collection takes long in a large process: most of the time is for the file
      timer = setTimeout(sample, 20 + 10 * (performance.now() - begun));
    };
    timer = setTimeout(sample, 20);
    try {
      const part = await files.create(owner, fileOf('large.bin', large));
      assert.equal(await files.digest(part.id), await digestOf(fileOf('large.bin', large)));
    } finally {
      clearTimeout(timer);
    }
    assert.ok(peak < 64 * MB, `${Math.round(peak / MB)} MB were taken`);
  });

  it('as large as the system allows are taken, and one byte more is refused as invalid, in words', async () => {
    // systems count in kilobytes
    const limit = 102_400;
    const mend = await files.system.limitTo?.(limit);
    try {
      const { maxBytes = limit } = await files.rules();
      if (!mend && maxBytes > 10 * MB) return;
      const owner = await files.owner();
      const [fits, exceeds] = await files.tryAll(owner, [fileOf('fits', maxBytes), fileOf('exceeds', maxBytes + 1)]);
      const part = written(fits);
      const error = refused(exceeds, 'invalid');
      assert.match(error.message, /\d/, 'it says how large files may be');
      assert.deepEqual(await files.allOf(owner), [part]);
    } finally {
      await mend?.();
    }
  });
}

function namingChecks(files: FileProbe, can: FileAbilities): void {
  for (const [what, name] of Object.entries(NAMES)) {
    it(`keep a name with ${what}, or are called what the rules make of it`, async () => {
      const owner = await files.owner();
      const expected = fileName(name, await files.rules());
      const content = fileOf(expected, 100, what);
      const part = await files.create(owner, content);
      assert.equal(part.fields.name, expected);
      assert.deepEqual(await files.allOf(owner), [part]);
      assert.equal(await files.digest(part.id), await digestOf(content));
    });
  }

  it('of one name are two, each with its own bytes', async () => {
    const owner = await files.owner();
    const [one, two] = [fileOf('image.png', 500, 'one'), fileOf('image.png', 500, 'two')];
    const [first, second] = (await files.tryAll(owner, [one, two])).map(written);
    assert.ok(first && second);
    assert.deepEqual(idsOf(await files.allOf(owner)), [first.id, second.id]);
    assert.equal(await files.digest(first.id), await digestOf(one));
    assert.equal(await files.digest(second.id), await digestOf(two));
  });

  it('of several owners in one batch have each its own result, and a refused one stops no other', async () => {
    const [one, two] = [await files.owner(), await files.owner()];
    const lost = { ...fileOf('lost', 10), open: () => Promise.reject(new SyncError('notFound', 'It is gone.')) };
    const operations = [
      files.creation(one, fileOf('a', 10)),
      files.creation(one, lost),
      files.creation(two, fileOf('b', 20)),
      files.creation(one, fileOf('c', 30)),
    ];
    const results = await files.write(operations);
    assert.equal(refused(results[1], 'notFound').detail.content, true);
    const [a, , b, c] = results.map((result) => (result.ok ? result.entity : undefined));
    assert.ok(a && b && c);
    assert.deepEqual([idsOf(await files.allOf(one)), idsOf(await files.allOf(two))], [[a.id, c.id], [b.id]]);
  });

  if ((can.renames ?? true) === true) {
    it('that are renamed keep their bytes and their id', async () => {
      const owner = await files.owner();
      const content = fileOf('before.txt', 1_000);
      const part = await files.create(owner, content);
      const [result] = await files.write([{ kind: 'update', id: part.id, fields: { name: 'after.txt' } }]);
      const renamed = written(result);
      assert.deepEqual([renamed.id, renamed.fields.name, renamed.fields.size], [part.id, 'after.txt', 1_000]);
      assert.notEqual(renamed.version, part.version);
      assert.equal(await files.digest(part.id), await digestOf(content));
    });
  }
}

function failingChecks(files: FileProbe, can: FileAbilities): void {
  const broken: Record<string, FileContent> = {
    'fewer bytes than announced': { ...fileOf('short', 1_000), size: 2_000 },
    'more bytes than announced': { ...fileOf('long', 1_000), size: 500 },
    'an error in the middle': {
      ...fileOf('breaks', 1_000),
      open: async () => ({ size: 1_000, bytes: breaking(), close: () => undefined }),
    },
  };
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(500);
    throw new SyncError('transient', 'The source has broken off.');
  }
  for (const [what, content] of Object.entries(broken)) {
    it(`of which come ${what} are not created, and that is the source's failure`, async () => {
      const owner = await files.owner();
      const [result] = await files.tryAll(owner, [content]);
      const error = refused(result, 'transient');
      assert.deepEqual([error.detail.content, error.detail.uncertain ?? false], [true, false]);
      assert.deepEqual(await files.allOf(owner), []);
    });
  }

  it('whose bytes do not come as announced are an error, never a file', async () => {
    const owner = await files.owner();
    const id = await files.system.person.add(owner, fileOf('there.bin', 1_000));
    const ways = Object.entries(files.system.broken ?? {});
    assert.ok(ways.length > 0, 'the harness has a switch for it');
    for (const [way, fault] of ways) {
      const mend = await fault(id);
      try {
        const error = await files.digest(id).then(
          () => assert.fail(`${way}: it was taken for the file`),
          (thrown: unknown) => thrown,
        );
        assertSyncError(error);
        assert.ok(['auth', 'transient'].includes(error.kind), `${way}: ${error.kind}`);
      } finally {
        await mend();
      }
    }
    assert.equal(await files.digest(id), await digestOf(fileOf('there.bin', 1_000)));
  });

  it('whose create has no answer are one file, which is found among ours', async () => {
    const owner = await files.owner();
    const before = await files.create(owner, fileOf('before', 10));
    const mend = await files.system.loseAnswer?.();
    if (!mend) return;
    const marker = newTitle('marker');
    const [result] = await files.write([files.creation(owner, fileOf('lost answer', 10), marker)]);
    await mend();
    assert.equal(refused(result, 'transient').detail.uncertain, true);
    const since = before.createdAt ?? before.updatedAt;
    const ours = (await files.ours(owner, { since })).filter(({ id }) => id !== before.id);
    assert.deepEqual(
      ours.map(({ fields }) => [fields.name, fields.size]),
      [['lost answer', 10]],
    );
    if (can.markers ?? true) assert.deepEqual(await files.ours(owner, { marker }), ours);
  });
}

function removalChecks(probe: Probe, files: FileProbe, can: FileAbilities): void {
  const gone = can.keepsBytes ? 'are notFound or still given out' : 'are notFound';
  /** Opening one that was removed. */
  const openGone = async (id: EntityId, content: FileContent) => {
    const opened = await files.digest(id).catch((thrown: unknown) => thrown);
    if (can.keepsBytes && typeof opened === 'string') assert.equal(opened, await digestOf(content));
    else assertSyncError(opened, 'notFound');
  };

  it(`that vanish between listing and opening ${gone}, and the others are there`, async () => {
    const owner = await files.owner();
    const [gone, stays] = [
      await files.system.person.add(owner, fileOf('gone', 10)),
      await files.system.person.add(owner, fileOf('stays', 20)),
    ];
    assert.deepEqual(idsOf(await files.allOf(owner)), [gone, stays]);
    await files.system.person.remove?.(gone);
    await openGone(gone, fileOf('gone', 10));
    assert.equal(await files.digest(stays), await digestOf(fileOf('stays', 20)));
  });

  it('are removed, and their neighbours stay', async () => {
    const owner = await files.owner();
    const [gone, stays] = (await files.tryAll(owner, [fileOf('gone', 10), fileOf('stays', 20)])).map(written);
    assert.ok(gone && stays);
    const { connection, system } = probe;
    assert.deepEqual(await connection.remove?.(system.scope, [gone.id]), [undefined]);
    assert.deepEqual(await files.allOf(owner), [stays]);
    await openGone(gone.id, fileOf('gone', 10));
  });
}
