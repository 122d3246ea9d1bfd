/**
 * `npm run new:connector -- <kind> ["Label"]`: creates a connector's folder, its conformance file, its page, and their
 * entries in the registry, the rooms table and the German texts. Everything type-checks; the conformance checks are red
 * until the connector is filled in.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [kind = '', given] = process.argv.slice(2);
const root = process.env.TWINFLOW_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..');

if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kind)) {
  console.error('usage: npm run new:connector -- <kind> ["Label"], the kind in small letters and dashes: azure-devops');
  process.exit(2);
}
if (existsSync(join(root, 'lib/connectors', kind))) {
  console.error(`lib/connectors/${kind} is there already`);
  process.exit(2);
}

const label = given ?? kind.replace(/(^|-)(.)/g, (_all, dash, letter) => (dash ? ' ' : '') + letter.toUpperCase());
const name = kind.replace(/-(.)/g, (_all, letter) => letter.toUpperCase());
const variable = kind.toUpperCase().replace(/-/g, '_');

const files = {
  [`lib/connectors/${kind}/index.ts`]: `/** ${label}: say here what is synced, by which API, with a link to its documentation. */

import { SyncError } from '../../model/errors';
import type { Connection } from '../connector';
import { address, defineConnector, secret } from '../kit/settings';
import { Api } from './api';

/** Throws for parts that nobody has written yet. */
const todo = (what: string): never => {
  throw new SyncError('invalid', \`${label}: \${what} is not written yet\`);
};

export const ${name} = defineConnector({
  kind: '${kind}',
  label: '${label}',
  category: 'alm',
  settings: {
    url: address({ label: 'URL', placeholder: 'https://${kind}.example.com' }),
    token: secret({ label: 'Token' }),
  },
  connect({ url, token }, { http }): Connection {
    const api = new Api(url, token, http);
    return {
      identify: async () => todo('identify'),
      projects: async () => todo('projects'),
      entityTypes: async () => todo('entityTypes'),
      fields: async () => todo('fields'),
      // by number: kit/sequence.ts; by update time: kit/overlap/guarded.ts
      changes: () => todo('changes'),
      newest: async () => todo('newest'),
      checkpointAt: () => todo('checkpointAt'),
      read: async () => todo('read'),
      // what can only be read has no write; kit/writes.ts
      write: async () => todo('write'),
      async close() {
        api.close();
      },
    };
  },
});
`,
  [`lib/connectors/${kind}/api.ts`]: `/** ${label}'s API in the few calls that the connector makes. What is quoted into queries is quoted here, and nowhere else. */

import type { HttpOptions } from '../http/options';
import { isJson, type Json, textOf } from '../kit/json';
import { Rest } from '../kit/rest';

export class Api {
  private readonly rest: Rest;

  constructor(url: string, token: string, options: HttpOptions | undefined) {
    this.rest = new Rest({
      baseUrl: url.endsWith('/') ? url : \`\${url}/\`,
      product: '${label}',
      credentials: { kind: 'bearer', token },
      options,
      errors: {
        // only the system's own answer tells that something is gone: a proxy's page does not
        read: (_status, body) => (isJson(body) ? { text: textOf(body.message) } : undefined),
      },
    });
  }

  /** @param path below the address. @throws SyncError */
  async get(path: string): Promise<Json> {
    const { body } = await this.rest.request('GET', path);
    return isJson(body) ? body : {};
  }

  close(): void {
    this.rest.close();
  }
}
`,
  [`test/connectors/${kind}/conformance.test.ts`]: `/** ${label} passes the conformance suite. */

import type { Connection } from '../../../lib/connectors/connector';
import { ${name} } from '../../../lib/connectors/${kind}';
import { connectorConformance } from '../../conformance/connector';

/** A real server, or a strict stand-in in test/systems. */
const [url, token] = [process.env.${variable}_URL ?? 'http://127.0.0.1:1', process.env.${variable}_TOKEN ?? 'none'];

const connect = (): Connection => ${name}.connect({ url, token }, {});
const todo = (what: string): never => {
  throw new Error(\`\${what} is not written yet\`);
};

connectorConformance('${label}', {
  // name here, with the reason, what the system does not have; the checks for it are then not declared
  lacks: {},
  async start() {
    const connection = connect();
    const [project] = await connection.projects();
    const [type] = project ? await connection.entityTypes(project.id) : [];
    if (!project || !type) throw new Error('there is no project with an entity type');
    return {
      connection,
      reconnect: connect,
      scope: { projects: [project.id], types: [type.id] },
      project: project.id,
      type: type.id,
      title: 'title',
      // every type of field that it has, two values for each
      samples: [],
      // somebody else than the connection's account
      person: {
        user: { login: 'alice' },
        create: async () => todo('create by a person'),
        retitle: async () => todo('an edit by a person'),
      },
    };
  },
  async stop() {},
});
`,
  [`docs/connectors/${kind}.md`]: `# ${label}

What is synced, which versions, and what it is tested against.

## What you need

| input | meaning |
|---|---|
| URL | |
| Token | |

## How it works

## What is not proven
`,
};

/** Inserts text after a line of a file, or reports that the file has another structure. */
function insert(path, after, text) {
  const before = readFileSync(join(root, path), 'utf8');
  const at = before.lastIndexOf(after);
  if (at < 0) throw new Error(`${path}: "${after}" is not there any more: add ${JSON.stringify(text)} yourself`);
  const end = before.indexOf('\n', at) + 1;
  writeFileSync(join(root, path), before.slice(0, end) + text + before.slice(end));
}

for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const key = name === kind ? name : `'${kind}': ${name}`;
insert('lib/connectors/registry.ts', "import { sandbox } from './sandbox';", `import { ${name} } from './${kind}';\n`);
insert('lib/connectors/registry.ts', "  'request-tracker': requestTracker,", `  ${key},\n`);
const row = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  .split('\n')
  .find((line) => line.startsWith('| `lib/connectors/request-tracker/`'));
if (row)
  insert('docs/architecture.md', row, `${row.replace('lib/connectors/request-tracker/', `lib/connectors/${kind}/`)}\n`);

const german = join(root, 'nodes/system/locales/de/system.json');
const texts = JSON.parse(readFileSync(german, 'utf8'));
texts.connectors[kind] = { url: { label: 'URL' }, token: { label: 'Token' } };
writeFileSync(german, `${JSON.stringify(texts, null, 2)}\n`);

console.log(`${Object.keys(files).join('\n')}

Next: docs/contributing/connector.md. The checks, red until it is filled in:
  npm test -- test/connectors/${kind}`);
