/**
 * How much memory a file takes on its way from one server to another: `attachment.ts BYTES` prints the peak over idle in MB.
 * The servers are a process of their own.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { octets } from '../../lib/connectors/http/bodies';
import { createHttpClient } from '../../lib/connectors/http/client';

const MB = 1024 * 1024;

async function serve(): Promise<void> {
  const part = Buffer.alloc(64 * 1024, 'x');
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      let size = 0;
      for await (const bytes of request) size += (bytes as Buffer).length;
      response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify({ size }));
      return;
    }
    const size = Number(request.url?.slice(1));
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) });
    for (let left = size; left > 0; left -= part.length) {
      if (!response.write(left < part.length ? part.subarray(0, left) : part)) await once(response, 'drain');
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
  process.on('disconnect', () => process.exit(0));
}

async function carry(size: number): Promise<void> {
  const server = fork(__filename, ['serve']);
  const [port]: unknown[] = await once(server, 'message');
  const http = createHttpClient({ baseUrl: `http://127.0.0.1:${port}/`, product: 'Test' });
  const carryOne = async (bytes: number) => {
    const open = () => http.download(String(bytes), { size: bytes });
    const { body } = await http.upload('POST', 'files', octets({ name: 'large.bin', size: bytes, open }));
    if (JSON.stringify(body) !== JSON.stringify({ size: bytes })) throw new Error(`arrived: ${JSON.stringify(body)}`);
  };
  try {
    // code is loaded, sockets are open
    await carryOne(MB);
    const idle = process.memoryUsage.rss();
    let peak = idle;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 10);
    const start = performance.now();
    await carryOne(size);
    clearInterval(timer);
    const seconds = (performance.now() - start) / 1000;
    const rounded = (value: number) => Math.round(value * 10) / 10;
    const figures = {
      attachmentPeakMegabytes: rounded((peak - idle) / MB),
      megabytesPerSecond: rounded(size / MB / seconds),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  } finally {
    http.close();
    server.disconnect();
  }
}

if (process.argv[2] === 'serve') void serve();
else
  carry(Number(process.argv[2])).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
