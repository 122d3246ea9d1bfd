/** Files that come in base64 within JSON, read in pieces of any size. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { bytesInJson } from '../../../lib/connectors/kit/json-bytes';
import { SyncError } from '../../../lib/model/errors';
import { heldBytes } from '../../support/held';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function taken(text: string, size = 7): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytesInJson(pieces(text, size), 'Content')) parts.push(part);
  return Buffer.concat(parts);
}

/** As RT writes it: lines of 76 characters, whose ends are escaped. */
const inLines = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\n');

describe('bytes in JSON', () => {
  it('are the same for pieces of every size, whatever else the object holds', async () => {
    for (const length of [0, 1, 2, 3, 56, 57, 58, 1_000]) {
      const bytes = randomBytes(length);
      const object = {
        Headers: 'a "quoted" Content: "eHg=" \\ {[ ü\u0001',
        ...{
          nested: { Content: 'bm90IHRoaXM=' },
          list: ['Content', { Content: 'bm90IHRoaXM=' }],
          number: 1,
          none: null,
        },
        Content: inLines(bytes),
        Filename: 'Content',
      };
      for (const text of [JSON.stringify(object), JSON.stringify(object, null, 3)])
        for (const size of [1, 2, 3, 5, 64, 100_000])
          assert.deepEqual(await taken(text, size), bytes, `${length} bytes in pieces of ${size}`);
    }
  });

  it('may have escaped slashes and line ends in every notation', async () => {
    const bytes = Buffer.from('fbff3e', 'hex');
    assert.equal(bytes.toString('base64'), '+/8+');
    for (const size of [1, 4, 100])
      assert.deepEqual(await taken(String.raw`{"Content":"+\/\r\n8\u000a+\t"}`, size), bytes);
  });

  it('that do not come whole are an error that may pass', async () => {
    const text = JSON.stringify({ Content: inLines(randomBytes(300)) });
    for (const [what, broken] of Object.entries({
      'half of it': text.slice(0, 150),
      'no end': text.slice(0, -1),
      'no content': '{"id":"7"}',
      'content that is nothing': '{"Content":null}',
      'another object': '[{"Content":"eHg="}]',
      'no base64': '{"Content":"<html>"}',
      'base64 that ends in the middle': '{"Content":"eHg"}',
      'something behind the end': '{"Content":"eHg=eHg="}',
      'a web page': '<!DOCTYPE html><p>Content: "eHg="</p>',
    })) {
      const error = await taken(broken).then(
        () => assert.fail(`${what}: taken`),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof SyncError && error.kind === 'transient', `${what}: ${error}`);
    }
  });

  it('of 60 MB never need more than a few', async function () {
    this.timeout(60_000);
    const block = randomBytes(57 * 1_000);
    const [line, blocks] = [JSON.stringify(inLines(block)).slice(1, -1), 1_000];
    async function* answer(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"Content":"');
      for (let n = 0; n < blocks; n += 1) yield Buffer.from(line);
      yield Buffer.from('"}');
    }
    const [hash, wanted] = [createHash('sha256'), createHash('sha256')];
    for (let n = 0; n < blocks; n += 1) wanted.update(block);
    const before = heldBytes();
    let [peak, parts] = [0, 0];
    for await (const part of bytesInJson(answer(), 'Content')) {
      hash.update(part);
      parts += 1;
      if (parts % 200 === 0) peak = Math.max(peak, heldBytes() - before);
    }
    assert.equal(hash.digest('hex'), wanted.digest('hex'));
    assert.ok(parts > 400, `${parts} parts`);
    assert.ok(peak < 8_000_000, `${peak} bytes`);
  });
});
