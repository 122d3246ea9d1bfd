/** A store that can't be opened: what a person sees, and that everything goes on from where it was when it can. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSandbox, type SandboxSpace, sandboxFile } from '../../../lib/connectors/sandbox';
import { openSqliteStore } from '../../../lib/store/sqlite';
import { NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';
import { AdminView } from './admin-view';
import { chain, press, spaceOf, tracker } from './chain';

const errorsOf = (red: NodeRed): string[] => red.log.split('\n').filter((line) => line.includes('[error]'));

describe('e2e/bad input: the store', function () {
  this.timeout(60_000);
  let folder: string;
  let source: SandboxSpace;
  let target: SandboxSpace;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-bad-store-'));
    const file = sandboxFile(folder);
    source = openSandbox({ file, space: spaceOf('only', 1), template: tracker() });
    target = openSandbox({ file, space: spaceOf('only', 2), template: tracker() });
  });

  after(() => {
    source?.close();
    target?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  const arrived = (title: string) => target.list().entities.filter((entity) => entity.fields.title === title).length;
  const create = (title: string) => source.create('alice', { project: 'p', type: 'bug', fields: { title } });

  it('a second Node-RED in the same user folder says why it does nothing, and takes over by itself when the first has gone', async () => {
    const first = await NodeRed.start({ userDir: folder, flows: chain('only') });
    let second: NodeRed | undefined;
    let view: AdminView | undefined;
    try {
      create('before the second');
      await until('the first one works', () => arrived('before the second') === 1);
      second = await NodeRed.start({ userDir: folder });
      view = await AdminView.open(second);
      for (const poller of ['only-poller1', 'only-poller2']) {
        assert.equal((await view.statusLike(poller, /./)).text, 'store in use elsewhere (retrying)');
      }
      assert.match(errorsOf(second).join(), /is in use by another process/);
      // the next request gets the whole sentence
      await press(second, 'only-retry1');
      const { message } = await view.problemLike('only', /is in use by another process/);
      assert.match(
        message,
        /twinflow\.sqlite is in use .* second Node-RED .*Stop the other one, or give this one a file/,
      );
      create('while both are there');
      await until('the first one goes on', () => arrived('while both are there') === 1);
      await first.stop();
      create('when the first has gone');
      await until('the second one works', () => arrived('when the first has gone') === 1, 45_000);
      await view.statusLike('only-poller1', /^0 pending, 3 linked$/);
      assert.equal(target.list().total, 3, 'nothing came twice');
      assert.doesNotMatch(second.log, /unhandled|uncaught|TypeError/i);
      assert.ok(errorsOf(second).length <= 3, errorsOf(second).join('\n'));
    } finally {
      view?.close();
      await second?.stop();
      await first.stop();
    }
  });

  it('another program that locks the file is named, and what changed meanwhile comes across when it lets go', async () => {
    const red = await NodeRed.start({ userDir: folder });
    const view = await AdminView.open(red);
    const other = new DatabaseSync(join(folder, 'twinflow.sqlite'));
    try {
      await view.statusLike('only-poller1', /^0 pending, 3 linked$/);
      other.exec('BEGIN IMMEDIATE');
      create('while it is locked');
      const { message } = await view.problemLike('only', /locked/);
      assert.match(message, /twinflow\.sqlite is locked by another process\. End what has it open/);
      await view.statusLike('only-poller1', /locked|in use/);
      assert.equal(arrived('while it is locked'), 0);
      other.exec('ROLLBACK');
      await until('it is there', () => arrived('while it is locked') === 1, 30_000);
      await view.statusLike('only-poller1', /^0 pending, 4 linked$/);
      assert.equal(target.list().total, 4);
      assert.ok(view.problems('only').length <= 4, JSON.stringify(view.problems('only')));
    } finally {
      other.close();
      view.close();
      await red.stop();
    }
  });

  describe('whose file', () => {
    // an address is no name in a folder
    const file = (name: string) => (name.includes('://') ? name : join(folder, name));
    const faults: { what: string; name: string; make: (path: string) => void; status: string; says: RegExp }[] = [
      {
        what: 'is a folder',
        name: 'folder.sqlite',
        make: (path) => mkdirSync(path),
        status: 'store not writable (retrying)',
        says: /folder\.sqlite cannot be opened or created/,
      },
      {
        what: 'lies in a folder that is not there',
        name: join('missing', 'store.sqlite'),
        make: () => undefined,
        status: 'store not writable (retrying)',
        says: /missing\/store\.sqlite\S* cannot be opened or created\. Does its folder exist\?/,
      },
      {
        what: 'is a text',
        name: 'text.sqlite',
        make: (path) => writeFileSync(path, 'This is no database. '.repeat(100)),
        status: 'store damaged',
        says: /text\.sqlite is not a database\. Move it away, or choose another file/,
      },
      {
        what: 'belongs to another program',
        name: 'foreign.sqlite',
        make: (path) => {
          const db = new DatabaseSync(path);
          db.exec('CREATE TABLE recipes (name TEXT)');
          db.close();
        },
        status: 'store damaged',
        says: /foreign\.sqlite is a database of another program/,
      },
      {
        what: 'was written by a newer Twinflow',
        name: 'newer.sqlite',
        make: (path) => {
          const db = new DatabaseSync(path);
          db.exec('PRAGMA user_version = 99');
          db.close();
        },
        status: 'store of a newer Twinflow',
        says: /newer\.sqlite was written by a newer Twinflow \(its format is 99, .*Install that version again/,
      },
      {
        what: 'is named by the address of a database that is not supported',
        name: 'postgres://twinflow:secret@db.example.org/twinflow',
        make: () => undefined,
        status: 'store address invalid',
        says: /begins with "postgres:", which this version cannot open.*file:\/\/\/data\/twinflow\.sqlite/,
      },
    ];

    const running: { red: NodeRed; view: AdminView; userDir: string }[] = [];

    before(async () => {
      for (const { name, make } of faults) {
        if (name === 'newer.sqlite') await (await openSqliteStore({ file: file(name) })).close();
        make(file(name));
      }
      const start = async ({ name }: { name: string }) => {
        const userDir = mkdtempSync(join(tmpdir(), 'twinflow-bad-store-'));
        for (const side of [1, 2] as const) {
          openSandbox({ file: sandboxFile(userDir), space: spaceOf('only', side), template: tracker() }).close();
        }
        const red = await NodeRed.start({ userDir, settings: { twinflow: { store: file(name) } } });
        const view = await AdminView.open(red);
        await red.deploy(chain('only'));
        return { red, view, userDir };
      };
      running.push(...(await Promise.all(faults.map(start))));
    });

    after(async () => {
      for (const { view } of running) view.close();
      await Promise.all(running.map(({ red }) => red.stop()));
      for (const { userDir } of running) rmSync(userDir, { recursive: true, force: true, maxRetries: 3 });
    });

    for (const [index, { what, status, says }] of faults.entries()) {
      it(`${what}: the pollers say so, and Node-RED runs`, async () => {
        const one = running[index];
        assert.ok(one);
        const { red, view } = one;
        assert.equal((await view.statusLike('only-poller1', /./)).text, status);
        assert.match(errorsOf(red).join(), says);
        const { source: reporter } = await view.problemLike('only', says);
        assert.equal(reporter.type, 'twinflow-poller');
        // once for each poller, and not again while nobody asks
        assert.equal(view.problems('only').length, 2);
        await press(red, 'only-retry1');
        await until('who asks again is told again', () => view.problems('only').length === 3);
        await red.get('/settings');
        assert.doesNotMatch(red.log, /unhandled|uncaught|TypeError/i);
        assert.equal(errorsOf(red).length, 1);
      });
    }
  });
});
