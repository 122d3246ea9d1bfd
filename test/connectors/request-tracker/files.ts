/** What goes wrong with files of a Request Tracker, and somebody who attaches some outside our connection. */

import type { FileContent } from '../../../lib/model/content';
import type { FilesUnderTest } from '../../conformance/connector/harness';
import type { RecordingProxy, Spoilt } from '../../support/proxy';
import type { RtServer } from '../../support/request-tracker';

async function whole(content: FileContent): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of (await content.open()).bytes) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** Attaches a file as Alice does. @returns the part's id */
export async function attachTo(
  server: RtServer,
  ticket: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const transaction = await server.attach('alice', ticket, { name, bytes });
  const file = (await server.held(ticket)).find((one) => one.TransactionId === transaction && one.Filename !== '');
  if (!file) throw new Error(`${name} is not attached`);
  return `${ticket}#attachment-${file.id}`;
}

export const numberOf = (id: string): string => /#attachment-(\d+)$/.exec(id)?.[1] ?? '';

export function filesUnderTest(server: RtServer, proxy: RecordingProxy): FilesUnderTest {
  const inPlaceOf = (answer: Spoilt) => (id: string) => {
    proxy.interfere = (_method, path) => (path.endsWith(`/attachment/${numberOf(id)}`) ? answer : undefined);
    return () => {
      proxy.interfere = undefined;
    };
  };
  const json = { 'Content-Type': 'application/json; charset="utf-8"' };
  const html = { 'Content-Type': 'text/html; charset=utf-8' };
  const holding = (bytes: number): string => JSON.stringify({ Content: Buffer.alloc(bytes, 'x').toString('base64') });
  const page = '<!DOCTYPE html><html><body><form><input type="password"></form>Sign in</body></html>';
  return {
    type: 'attachment',
    large: 19_000_000,
    person: { add: async (owner, content) => attachTo(server, owner, content.name, await whole(content)) },
    limitTo: async (bytes) => {
      const configure = async (settings?: string): Promise<void> => {
        server.configure(settings);
        // sockets of the stopped server are closed
        await fetch(`${proxy.url}/REST/2.0/rt`).catch(() => undefined);
      };
      // RT counts a binary file as a third larger where its database stores it as text
      await configure(`Set($MaxAttachmentSize, ${Math.ceil((bytes * 4) / 3)}); Set($DropLongAttachments, 1);`);
      return () => configure();
    },
    broken: {
      'half of the bytes': inPlaceOf({ status: 200, headers: json, body: holding(500) }),
      'more bytes': inPlaceOf({ status: 200, headers: json, body: holding(1_500) }),
      'JSON that breaks off': inPlaceOf({ status: 200, headers: json, body: holding(1_000).slice(0, 700) }),
      'no content': inPlaceOf({ status: 200, headers: json, body: '{"id":"1","Content":null}' }),
      'a page to sign in': inPlaceOf({ status: 200, headers: html, body: page }),
      'the way to a page to sign in': inPlaceOf({ status: 302, headers: { Location: '/NoAuth/Login.html?next=1' } }),
      'a copy of some proxy': inPlaceOf({ status: 203, headers: json, body: holding(1_000) }),
      'an error of RT': inPlaceOf({ status: 500, headers: json, body: '{"message":"Internal Server Error"}' }),
    },
    loseAnswer: () => {
      proxy.interfere = (method, path) => (method === 'POST' && path.endsWith('/comment') ? 'lose' : undefined);
      return () => {
        proxy.interfere = undefined;
      };
    },
  };
}
