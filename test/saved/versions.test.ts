import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readIntegration } from '../../lib/engine/config';
import { readDefaultRows, readFieldRows, readValueMapper } from '../../lib/mapping';
import { HISTORIES, isNodeType, NODE_TYPES, type NodeType, upgradeNode, versionOf } from '../../lib/saved';
import { upgrade } from '../../lib/saved/versions';
import { readFilter } from '../../lib/steps';
import { projectRoot } from '../support/node-red';

type Saved = Record<string, unknown> & { id: string; type: string };

/** A flow as it was saved by the forms of a version; these files are never changed. */
const flow = (version: number): Saved[] =>
  JSON.parse(readFileSync(join(__dirname, 'flows', `v${version}.json`), 'utf8')) as Saved[];

/** Each file is what the forms saved at one time; a new step of any node adds one. */
const VERSIONS = readdirSync(join(__dirname, 'flows')).map((_, version) => version);
const LATEST = VERSIONS.length - 1;

describe('saved: flows of every version that there was', () => {
  for (const version of VERSIONS) {
    it(`version ${version}: each node becomes what today's forms save, and keeps what nobody knows`, () => {
      const today = new Map(flow(LATEST).map((node) => [node.id, node]));
      for (const node of flow(version)) {
        if (!isNodeType(node.type)) continue;
        const before = structuredClone(node);
        const upgraded = upgradeNode(node.type, node);
        assert.equal(upgraded.is, 'known');
        assert.deepEqual(upgraded.is === 'known' && upgraded.saved, today.get(node.id), node.type);
        assert.deepEqual(node, before, 'the flow itself is not changed');
      }
    });
  }

  it('mean the same to the runtime', () => {
    const meaning = (version: number): unknown[] =>
      flow(version).map((node) => {
        const upgraded = isNodeType(node.type) ? upgradeNode(node.type, node) : undefined;
        const saved: Record<string, unknown> = upgraded?.is === 'known' ? upgraded.saved : {};
        switch (node.type) {
          case 'twinflow-integration':
            return readIntegration(saved);
          case 'twinflow-field-mapper':
            return readFieldRows(saved.rows);
          case 'twinflow-value-mapper':
            return readValueMapper(saved);
          case 'twinflow-default-mapper':
            return readDefaultRows(saved.rows);
          case 'twinflow-filter':
            return readFilter(saved);
          default:
            return undefined;
        }
      });
    const today = meaning(LATEST);
    assert.equal(today.filter((read) => read !== undefined).length, 5);
    for (const version of VERSIONS) assert.deepEqual(meaning(version), today, `version ${version}`);
  });

  it('have the version that the forms save', () => {
    for (const type of NODE_TYPES) {
      const form = readFileSync(join(projectRoot, 'nodes', type.replace('twinflow-', ''), 'editor.ts'), 'utf8');
      const saved = /version: \{ value: (\d+), validate: knownVersion\('([^']+)'\) \}/.exec(form);
      assert.deepEqual([Number(saved?.[1]), saved?.[2]], [versionOf(HISTORIES[type]), type]);
    }
  });
});

describe('saved: an integration of version 1', () => {
  const upgraded = (saved: object) => {
    const result = upgradeNode('twinflow-integration', { ...saved, version: 1 });
    return result.is === 'known' ? result.saved : result;
  };

  it('says by side what it said in four properties for each', () => {
    const saved = {
      ...{ remoteKeyField1: 'cf_1', remoteUrlField1: '', remoteLink1: false, remoteBack1: true },
      ...{ remoteKeyField2: 'Custom.Key', remoteUrlField2: 'Custom.Url', remoteLink2: true, remoteBack2: false },
    };
    const backlinks = { 1: { key: 'cf_1', back: true }, 2: { key: 'Custom.Key', url: 'Custom.Url', link: true } };
    assert.deepEqual(upgraded({ id: 'i', ...saved, note: 'kept' }), { id: 'i', note: 'kept', backlinks, version: 2 });
    const { url, link, back } = { url: undefined, link: false, back: false };
    assert.deepEqual(readIntegration(upgraded(saved)).backlinks, {
      1: { key: 'cf_1', url, link, back: true },
      2: { key: 'Custom.Key', url: 'Custom.Url', link: true, back },
    });
  });

  it('says nothing of a side that showed nothing', () => {
    assert.deepEqual(upgraded({}), { backlinks: {}, version: 2 });
    assert.deepEqual(upgraded({ remoteKeyField1: '', remoteLink2: null }), { backlinks: {}, version: 2 });
    const second = upgraded({ remoteKeyField1: '', remoteKeyField2: 'key' });
    assert.deepEqual(second, { backlinks: { 2: { key: 'key' } }, version: 2 });
  });

  it('keeps what somebody wrote by hand in the new shape, and has no faith in odd values', () => {
    const written = { backlinks: { 2: { url: 'address', more: 'x' } } };
    assert.deepEqual(upgraded(written), { ...written, version: 2 });
    const both = { backlinks: { 2: { url: 'address', more: 'x', key: 'key' } }, version: 2 };
    assert.deepEqual(upgraded({ ...written, remoteKeyField2: 'key' }), both);
    const none = readIntegration({}).backlinks;
    for (const odd of [
      { remoteKeyField1: 7, remoteLink1: 'yes', remoteBack2: [true] },
      { backlinks: 'x', remoteUrlField2: { id: 'address' } },
      { backlinks: [{ key: 'a' }, { key: 'b' }] },
      { backlinks: { 1: 'key', 2: ['key'] } },
    ])
      assert.deepEqual(readIntegration(upgraded(odd)).backlinks, none, JSON.stringify(odd));
  });
});

describe('saved: a filter of version 1', () => {
  it('gets the settings of a filter in full, also in the editor, which gives it undefined ones', () => {
    const given = { mode: 'all', by: undefined, kinds: undefined, expression: undefined, version: 1 };
    const result = upgradeNode('twinflow-filter', given);
    const saved = result.is === 'known' ? result.saved : {};
    assert.deepEqual(saved, { mode: 'all', by: 'conditions', kinds: 'both', expression: '', version: 2 });
  });
});

describe('saved: the chain', () => {
  const history = {
    steps: [
      (saved: object) => ({ ...saved, zero: true }),
      ({ old, ...saved }: Record<string, unknown>) => ({ ...saved, renamed: old }),
      (saved: Record<string, unknown>) => ({ ...saved, renamed: [saved.renamed] }),
    ],
  };
  const upgraded = (saved: object) => {
    const result = upgrade(history, saved);
    return result.is === 'known' ? result.saved : result;
  };

  it('goes on from the version that a node says, step by step', () => {
    assert.deepEqual(upgraded({ old: 1, more: 'x' }), { zero: true, renamed: [1], more: 'x', version: 3 });
    assert.deepEqual(upgraded({ version: 1, old: 1 }), { renamed: [1], version: 3 });
    assert.deepEqual(upgraded({ version: '2', renamed: 1 }), { renamed: [1], version: 3 });
    assert.deepEqual(upgraded({ version: 3, renamed: [1] }), { version: 3, renamed: [1] });
    assert.deepEqual(upgraded({ version: -1, old: 1 }), upgraded({ old: 1 }));
    assert.deepEqual(upgraded({ version: { toString: null }, old: 1 }), upgraded({ old: 1 }));
  });

  it('leaves what a later Twinflow saved, and says which version it is of', () => {
    assert.deepEqual(upgrade(history, { version: 4, old: 1 }), { is: 'newer', version: 4, known: 3 });
  });

  it('takes whatever a flow may hold without an exception, once or twice', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<NodeType>(...NODE_TYPES),
        fc.dictionary(
          fc.constantFrom(
            ...['rows', 'version', 'interval', 'outputs', 'retries', 'x'],
            ...['backlinks', 'remoteKeyField1', 'remoteUrlField2', 'remoteLink1', 'remoteBack2'],
          ),
          fc.jsonValue(),
        ),
        (type, saved) => {
          const once = upgradeNode(type, saved);
          if (once.is === 'newer') return;
          const twice = upgradeNode(type, once.saved);
          assert.deepEqual(twice.is === 'known' && twice.saved, once.saved);
        },
      ),
    );
  });
});
