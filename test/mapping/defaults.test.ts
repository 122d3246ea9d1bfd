import assert from 'node:assert/strict';
import { compileDefaultRows, type MappedFields } from '../../lib/mapping';
import type { DefaultRow } from '../../lib/model';
import { field } from './helper';

const severity = field('Severity', 'lookup');
const normal = { id: '2', name: 'Normal' };
const urgent = { reason: 'Priority: "Urgent" has no match in Severity', value: { name: 'Urgent' } };

const apply = (
  input: Partial<MappedFields>,
  more: Partial<DefaultRow> = {},
  kind: 'create' | 'update' | 'delete' = 'update',
) =>
  compileDefaultRows([{ field: severity, side: 2, value: normal, ...more }], 'forward')(
    { fields: {}, mapped: {}, unresolved: {}, ...input },
    kind,
  );

describe('mapping/defaults', () => {
  it('fills an empty field, and leaves one that has a value', () => {
    assert.deepEqual(apply({ fields: { severity: null } }).fields, { severity: normal });
    assert.deepEqual(apply({ fields: { severity: { name: 'High' } } }).fields, { severity: { name: 'High' } });
    assert.deepEqual(apply({ fields: { severity: false } }).fields, { severity: false });
  });

  it('fills a field that the payload lacks on create only, and only for a create', () => {
    const created = apply({}, {}, 'create');
    assert.deepEqual(created.fields, { severity: normal });
    assert.deepEqual(created.mapped.severity, { from: [], type: 'lookup', syncWhen: 'create' });
    assert.deepEqual(apply({}, {}, 'update').fields, {});
    assert.deepEqual(apply({}, {}, 'delete').fields, {});
  });

  it('applies to the side that is written', () => {
    assert.deepEqual(apply({ fields: { severity: null } }, { side: 1 }).fields, { severity: null });
  });

  it('parks an empty source only if it has become empty, or the entity is new', () => {
    const rows: DefaultRow[] = [{ field: severity, side: 2, empty: 'park' }];
    const input = { fields: { severity: null }, mapped: { severity: { from: ['priority'] } }, unresolved: {} };
    const policy = (kind: 'create' | 'update', changed: string[]) =>
      compileDefaultRows(rows, 'forward')(input, kind, { changed }).unresolved.severity?.policy;
    assert.equal(policy('update', ['priority', 'summary']), 'park');
    assert.equal(policy('update', ['summary']), 'leave');
    assert.equal(policy('create', []), 'park');
  });

  it('uses the default for a value without counterpart, and keeps the reason', () => {
    const result = apply({ unresolved: { severity: urgent } });
    assert.deepEqual(result.fields, { severity: normal });
    assert.deepEqual(result.unresolved.severity, { ...urgent, policy: 'default', lossy: true });
  });

  it('leaves the field alone where no default is given', () => {
    const result = apply({ unresolved: { severity: urgent } }, { value: undefined });
    assert.deepEqual(result.fields, {});
    assert.deepEqual(result.unresolved.severity, { ...urgent, policy: 'leave' });
  });

  it('parks or leaves where the row says so, even if a default is given', () => {
    for (const policy of ['park', 'leave'] as const) {
      const result = apply({ unresolved: { severity: urgent } }, { unresolved: policy });
      assert.deepEqual(result.fields, {});
      assert.equal(result.unresolved.severity?.policy, policy);
    }
  });

  it('keeps what came across of a value in part, unless it is to be parked', () => {
    const part = { fields: { severity: { name: 'High' } }, unresolved: { severity: { ...urgent, lossy: true } } };
    assert.deepEqual(apply(part), { ...part, mapped: {} });
    assert.equal(apply(part, { unresolved: 'park' }).unresolved.severity?.policy, 'park');
  });
});
