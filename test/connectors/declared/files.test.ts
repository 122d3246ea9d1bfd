/** A file in the user's folder is a kind of system; one that cannot be used says why and affects nothing else. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { ConnectorFolder, connectorsIn } from '../../../lib/connectors/declared/files';
import { connectorOf, connectors } from '../../../lib/connectors/registry';
import { changed, SMALL } from './small';

describe('a folder of connector files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-connectors-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, file: unknown) =>
    writeFileSync(join(folder, name), typeof file === 'string' ? file : stringify(file));

  it('declares a kind for each file, with the inputs of its form', () => {
    write('small.yaml', SMALL);
    write('other.json', JSON.stringify(changed('kind', 'other')));
    write('notes.txt', 'not a connector');
    mkdirSync(join(folder, 'x.yaml'));
    const { connectors: found, problems } = connectorsIn(folder, new Set());
    assert.deepEqual(Object.keys(found).sort(), ['other', 'small']);
    assert.equal(problems.length, 1, 'a folder that is called like a file');
    assert.deepEqual(
      found.small?.config.map(({ name, type, label }) => [name, type, label]),
      [
        ['url', 'url', 'URL'],
        ['space', 'text', 'Space'],
        ['token', 'secret', 'Token'],
      ],
    );
    assert.equal(found.small?.place?.({ url: 'https://Small.example/x/' }), 'small.example/x');
    assert.equal(connectorOf('small', { ...connectors, ...found }).label, 'Small');
  });

  it('names file, line and place of what cannot be used, and uses the others', () => {
    write('a.yaml', SMALL);
    write('b.yaml', changed('http.base', 'file:///etc'));
    write('c.yaml', SMALL);
    write('d.yaml', changed('kind', 'redmine'));
    write('e.yaml', 'x'.repeat(500_000));
    const { connectors: found, problems } = connectorsIn(folder, new Set(Object.keys(connectors)));
    assert.deepEqual(Object.keys(found), ['small']);
    assert.match(problems[0] ?? '', /b\.yaml:\d+: http\.base: it begins with/);
    assert.match(problems[1] ?? '', /c\.yaml: the kind "small" is that of .*a\.yaml; choose another one/);
    assert.match(problems[2] ?? '', /d\.yaml: the kind "redmine" is one of Twinflow's own/);
    assert.match(problems[3] ?? '', /e\.yaml: larger than/);
  });

  it('need not be there', () => {
    assert.deepEqual(connectorsIn(join(folder, 'none'), new Set()), { connectors: {}, problems: [] });
  });

  it('is read again when a file has changed, and each problem is reported once', async function () {
    this.timeout(20_000);
    const told: string[] = [];
    const read = new ConnectorFolder(folder, new Set(), (problem) => told.push(problem));
    assert.deepEqual(Object.keys(read.connectors()), []);
    write('small.yaml', changed('label', ''));
    await sleep(2_100);
    assert.deepEqual(Object.keys(read.connectors()), []);
    await sleep(2_100);
    read.connectors();
    assert.equal(told.length, 1);
    write('small.yaml', SMALL);
    utimesSync(join(folder, 'small.yaml'), 1, 1);
    await sleep(2_100);
    assert.deepEqual(Object.keys(read.connectors()), ['small']);
  });
});
