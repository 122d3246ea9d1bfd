/**
 * The demo, `npm start`: a real Node-RED on this machine only, with this package and an example flow.
 *
 *   npm start -- [--port 1880] [--demo sandbox-both-ways]
 *
 * Everything lives in .twinflow/ (delete the folder to start afresh). An example is copied there at its first start;
 * from then on the flow is the user's own. `--demo jira-azure-devops` starts stand-ins of both systems, too, which are
 * in memory: each start begins with new ones, and knows nothing of the last.
 */

import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVendors, VENDORS } from './vendors.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const userDir = join(root, '.twinflow');
const host = '127.0.0.1';
const examples = readdirSync(join(root, 'examples')).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Port and example as asked for, or the end of the process with what is wrong. */
function options() {
  let values = {};
  try {
    ({ values } = parseArgs({ options: { port: { type: 'string' }, demo: { type: 'string' } } }));
  } catch (error) {
    fail(`${error.message}\nusage: npm start -- [--port 1880] [--demo ${examples.join('|')}]`);
  }
  const port = Number(values.port ?? process.env.PORT ?? 1880);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    fail(`The port must be a number up to 65535, not "${values.port ?? process.env.PORT}".`);
  const demo = values.demo === 'jira-azure' ? VENDORS : (values.demo ?? 'sandbox-both-ways');
  if (!examples.includes(demo)) fail(`There is no example "${demo}". There are: ${examples.join(', ')}.`);
  return { port, demo };
}

/** A user folder in which this very package counts as installed. */
function prepare(demo) {
  const link = join(userDir, 'node_modules', '@twinflow', 'node-red-sync');
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(root, link, 'junction');
  const manifest = join(userDir, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "name": "twinflow-demo", "private": true }\n');
  const flow = join(userDir, `${demo}.json`);
  const first = !existsSync(flow);
  if (first) copyFileSync(join(root, 'examples', `${demo}.json`), flow);
  const secretFile = join(userDir, 'credential-secret');
  if (!existsSync(secretFile)) writeFileSync(secretFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  return { first, secret: readFileSync(secretFile, 'utf8') };
}

/** What the two systems of an integration are called in the flow. */
function systemNames(integration) {
  const names = new Map();
  let ends = [];
  RED.nodes.eachNode((node) => {
    names.set(node.id, node.name);
    if (node.id === integration) ends = [node.system1, node.system2];
  });
  return ends.map((id) => names.get(id) || '');
}

/** One line for one change that has landed: when, what became of which entity, and what was left out. */
function line({ outcome, integration, direction, source, target, written, warnings }) {
  const names = systemNames(integration);
  const [from, to] = direction === 'forward' ? names : names.reverse();
  const parts = [
    new Date().toTimeString().slice(0, 8),
    outcome.padEnd(9),
    `${from} ${source.key} → ${to} ${target?.key ?? ''}`,
    outcome === 'updated' ? written.join(', ') : '',
    warnings.length > 0 ? `not taken over: ${warnings.map(({ field }) => field).join(', ')}` : '',
  ];
  return parts.filter(Boolean).join('  ');
}

/** Prints errors, and warnings of our own; not those that every new Node-RED starts with. */
function report({ level, id, msg }) {
  const text = msg?.message ?? String(msg);
  if (level <= RED.log.ERROR || id || text.includes('@twinflow')) console.error(text);
}

const { port, demo } = options();
const { first, secret } = prepare(demo);
const vendors = demo === VENDORS ? await startVendors(userDir, first) : undefined;
const RED = createRequire(import.meta.url)('node-red');
const server = createServer((request, response) =>
  RED.httpAdmin(request, response, () => RED.httpNode(request, response)),
);

server.once('error', (error) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}`
      : `Can't listen on ${host}:${port}: ${error.message}`,
  ),
);
server.listen(port, host, async () => {
  const address = `http://${host}:${server.address().port}`;
  RED.init(server, {
    userDir,
    flowFile: `${demo}.json`,
    credentialSecret: secret,
    uiHost: host,
    uiPort: server.address().port,
    httpAdminRoot: '/',
    httpNodeRoot: '/',
    functionGlobalContext: {},
    ...(vendors ? { twinflow: { store: vendors.store } } : {}),
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { page: { title: 'Twinflow' }, tours: false },
    logging: {
      console: { level: 'off' },
      demo: { level: 'warn', metrics: false, audit: false, handler: () => report },
    },
  });
  RED.events.on('twinflow:landed', (result) => console.log(line(result)));
  RED.events.once('flows:started', () => {
    console.log(`\nTwinflow runs the example "${demo}"${first ? '' : ', as you left it'}. Ctrl-C stops it.\n`);
    console.log(`  the flow       ${address}/`);
    if (demo.startsWith('sandbox')) {
      console.log(`  two trackers   ${address}/twinflow/sandbox/`);
      console.log('\nCreate or change a ticket in one tracker: it appears in the other, and here as a line.\n');
    }
    if (vendors) console.log(vendors.words);
  });
  try {
    await RED.start();
    if (vendors?.flows) await RED.runtime.flows.setFlows({ flows: { flows: vendors.flows }, deploymentType: 'full' });
  } catch (error) {
    fail(`Node-RED did not start: ${error.message}`);
  }
});

let stopping = false;
async function stop() {
  if (stopping) return;
  stopping = true;
  console.log('Stopping …');
  setTimeout(() => fail('Node-RED did not stop within 10 seconds.'), 10_000).unref();
  await RED.stop();
  await vendors?.stop();
  server.closeAllConnections();
  server.close();
  process.exit(0);
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
