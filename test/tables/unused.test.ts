import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepCopy, keepUpload, sweepUploads, tablesFolder, UNUSED_MS } from '../../lib/tables/files';
import { sweepAfterDeploys } from '../../nodes/value-mapper/unused-uploads';
import { until } from '../support/wait';

const DAY = 24 * 3_600_000;
const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('tables: uploads that no node uses', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-unused-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const left = (): string[] => readdirSync(tablesFolder(folder)).sort();

  it('are deleted thirty days after a deploy has found them unused, and not before', async () => {
    const [used, unused] = [
      await keepUpload(folder, 'used.xlsx', Buffer.from('1')),
      await keepUpload(folder, 'old.xlsx', Buffer.from('2')),
    ];
    await keepCopy(folder, join(tablesFolder(folder), used, 'sheet'));
    const sweep = (at: number): Promise<string[]> => sweepUploads(folder, new Set([used]), at);
    assert.deepEqual(await sweep(NOW), []);
    assert.deepEqual(await sweep(NOW + UNUSED_MS - 1), []);
    assert.deepEqual(left(), [used, unused, 'kept'].sort());
    assert.deepEqual(await sweep(NOW + UNUSED_MS), ['old.xlsx']);
    assert.deepEqual(left(), [used, 'kept'].sort());
  });

  it('have their time begin again once a node has named them again', async () => {
    const id = await keepUpload(folder, 'users.xlsx', Buffer.from('1'));
    await sweepUploads(folder, new Set(), NOW);
    await sweepUploads(folder, new Set([id]), NOW + 20 * DAY);
    assert.deepEqual(await sweepUploads(folder, new Set(), NOW + 40 * DAY), []);
    assert.deepEqual(await sweepUploads(folder, new Set(), NOW + 69 * DAY), []);
    assert.deepEqual(await sweepUploads(folder, new Set(), NOW + 70 * DAY), ['users.xlsx']);
  });

  it('are none where nothing was ever uploaded', async () => {
    assert.deepEqual(await sweepUploads(folder, new Set()), []);
  });

  it('are looked for after a full deploy, in all nodes of the flow; never where there are projects, or nodes of a later version', async () => {
    const [named, unnamed] = [
      await keepUpload(folder, 'a.xlsx', Buffer.from('1')),
      await keepUpload(folder, 'b.xlsx', Buffer.from('2')),
    ];
    const field = { id: 'f', name: 'F', type: 'lookup' };
    const sheet = { from: { kind: 'upload', id: named, name: 'a.xlsx' }, sheet: '', one: 'A', two: 'B' };
    const flow: object[] = [
      { type: 'tab' },
      { type: 'twinflow-value-mapper', d: true, rows: [{ one: field, two: field, sheet }] },
    ];
    const marked = (id: string): boolean => existsSync(join(tablesFolder(folder), id, 'unused.txt'));
    const deploy = (type: string, settings: object): void => {
      const events = new EventEmitter();
      const told = () => undefined;
      const nodes = {
        eachNode(visit: (node: object) => void) {
          for (const node of flow) visit(node);
        },
      };
      sweepAfterDeploys({ events, nodes, settings, log: { info: told, warn: told } }, () => folder);
      events.emit('flows:started', { type });
    };
    deploy('nodes', {});
    flow.push({ type: 'twinflow-value-mapper', version: 99 });
    deploy('full', {});
    flow.pop();
    deploy('full', { editorTheme: { projects: { enabled: true } } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(marked(unnamed), false);
    deploy('full', { editorTheme: {} });
    await until('the unused one is marked', () => marked(unnamed));
    assert.equal(marked(named), false);
  });

  it('are looked for once after a deploy, however often the nodes were loaded', () => {
    const events = new EventEmitter();
    const told = () => undefined;
    const nodes = { eachNode: told };
    for (let n = 0; n < 20; n += 1) {
      sweepAfterDeploys({ events, nodes, settings: {}, log: { info: told, warn: told } }, () => folder);
    }
    assert.equal(events.listenerCount('flows:started'), 1);
  });
});
