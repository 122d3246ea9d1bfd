/** Checks: a link to an entity of another system is there once, whatever happens to be written again. */

import assert from 'node:assert/strict';
import type { RemoteLink, WriteOperation } from '../../../lib/connectors/connector';
import { newTitle, type Probe, written } from './probe';

const linkTo = (name: string, key = 'twinflow:one'): RemoteLink => ({
  url: `https://other.example.org/browse/${name}`,
  title: `Other: ${name}`,
  key,
});

/** @param taken the connection takes links */
export function remoteLinkChecks(probe: Probe, taken: boolean): void {
  describe('links to other systems', () => {
    it(taken ? 'are taken, as the connection says' : 'are not taken, as the connection says', () => {
      assert.equal(probe.connection.remoteLinks ?? false, taken);
      assert.equal(probe.system.remoteLinks !== undefined, taken, 'the harness says what people see');
    });
    if (!taken) return;

    const seen = async (id: string): Promise<string[]> =>
      ((await probe.system.remoteLinks?.(id)) ?? [])
        .filter(({ url }) => url.startsWith('https://other.example.org/'))
        .map(({ url, title }) => {
          assert.match(title, /^Other: OTHER-\d/);
          return url.split('/').at(-1) ?? '';
        });
    const creation = (link: RemoteLink): WriteOperation => ({ ...probe.creation({}), remoteLink: link });
    const update = async (id: string, link: RemoteLink, fields = {}) => {
      const [result] = await probe.write([{ kind: 'update', id, fields, remoteLink: link }]);
      return written(result);
    };

    it('come with a create; the result has the version that then holds', async () => {
      const [result] = await probe.write([creation(linkTo('OTHER-1'))]);
      const created = written(result);
      assert.deepEqual(await seen(created.id), ['OTHER-1']);
      assert.deepEqual(await probe.read(created.id), created);
    });

    it('come with an update, alone or beside fields, and change nothing else', async () => {
      const created = await probe.create();
      const linked = await update(created.id, linkTo('OTHER-1'));
      assert.deepEqual(await seen(created.id), ['OTHER-1']);
      assert.equal(probe.titleOf(linked), probe.titleOf(created));
      const title = newTitle('Linked');
      const renamed = await update(created.id, linkTo('OTHER-2', 'twinflow:two'), { [probe.system.title]: title });
      assert.equal(probe.titleOf(renamed), title);
      assert.deepEqual((await seen(created.id)).sort(), ['OTHER-1', 'OTHER-2']);
      assert.deepEqual(await probe.read(created.id), renamed);
    });

    it('are there once, however often they are written', async () => {
      const [result] = await probe.write([creation(linkTo('OTHER-1'))]);
      const { id } = written(result);
      for (let n = 0; n < 2; n += 1) {
        const again = await update(id, linkTo('OTHER-1'));
        assert.deepEqual(await probe.read(id), again);
      }
      assert.deepEqual(await seen(id), ['OTHER-1']);
    });

    it('give way to another one of the same key', async () => {
      const [result] = await probe.write([creation(linkTo('OTHER-1'))]);
      const { id } = written(result);
      await update(id, linkTo('OTHER-9', 'twinflow:other'));
      await update(id, linkTo('OTHER-2'));
      assert.deepEqual((await seen(id)).sort(), ['OTHER-2', 'OTHER-9']);
    });

    it('let the next poll show our write as the result showed it', async () => {
      const created = await probe.create();
      const since = await probe.now();
      const linked = await update(created.id, linkTo('OTHER-1'));
      if (linked.version === created.version) return;
      assert.deepEqual(await probe.pollForVersion(since, linked), linked);
    });
  });
}
