/**
 * A real Node-RED in a separate process, with this package installed in a folder created for it, for tests that deploy,
 * crash and restart. dist/ must be built (by npm test or `npm run build`).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from './ports';
import { until } from './wait';

export const projectRoot = dirname(dirname(__dirname));

/** One entry of a flow file. */
export interface FlowNode {
  id: string;
  type: string;
  z?: string;
  /** Node-RED removes them from the flow and stores them encrypted */
  credentials?: Record<string, string>;
  [property: string]: unknown;
}

export interface NodeRedOptions {
  flows?: FlowNode[];
  /** kept after the end; if absent, a temporary folder that is deleted */
  userDir?: string;
  /** added to settings.js; plain JSON */
  settings?: Record<string, unknown>;
  port?: number;
  env?: Record<string, string>;
  /** a Node-RED other than the project's own: the folder of its package */
  nodeRed?: string;
  /** a Node.js other than the one that runs the tests: its program */
  node?: string;
  /** false: the package under test is not linked (it is already installed there, or not wanted) */
  link?: boolean;
}

/** Processes left behind by a failed test end together with this one. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class NodeRed {
  private child: ChildProcess | undefined;
  private text = '';

  private constructor(
    readonly port: number,
    readonly userDir: string,
    private readonly temporary: boolean,
    private readonly red: string,
    private readonly env: Record<string, string>,
    private readonly node: string,
  ) {}

  /** Starts it and waits until its flows run. */
  static async start(options: NodeRedOptions = {}): Promise<NodeRed> {
    const port = options.port ?? (await freePort());
    const userDir = options.userDir ?? mkdtempSync(join(tmpdir(), 'twinflow-red-'));
    mkdirSync(userDir, { recursive: true });
    if (options.link !== false) linkPackage(userDir);
    const settings = {
      uiPort: port,
      uiHost: '127.0.0.1',
      flowFile: 'flows.json',
      credentialSecret: 'only for tests',
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false, palette: { catalogues: [] } },
      externalModules: { autoInstall: false },
      logging: { console: { level: 'info', metrics: false, audit: false } },
      ...options.settings,
    };
    writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, 2)};\n`);
    const red = options.nodeRed ?? join(projectRoot, 'node_modules', 'node-red');
    const server = new NodeRed(
      port,
      userDir,
      options.userDir === undefined,
      red,
      options.env ?? {},
      options.node ?? process.execPath,
    );
    await server.launch();
    if (options.flows) await server.deploy(options.flows);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Its complete output, across its restarts. */
  get log(): string {
    return this.text;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Replaces all flows, as the editor's Deploy button does, and waits until they run. */
  async deploy(flows: FlowNode[], type: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const before = this.text.length;
    await this.post('/flows', flows, { 'Node-RED-Deployment-Type': type });
    await until('the flows run', () => /Started (modified )?(flows|nodes)/.test(this.text.slice(before)));
  }

  /** The flows as they are deployed, without credentials. */
  flows(): Promise<FlowNode[]> {
    return this.get<FlowNode[]>('/flows');
  }

  /** GET on the admin API or a page of a node. @throws with the answer if it is not 2xx */
  async get<T = unknown>(path: string, headers: Record<string, string> = {}): Promise<T> {
    return (await this.request('GET', path, headers)) as T;
  }

  async post<T = unknown>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return (await this.request('POST', path, headers, body)) as T;
  }

  /** JSON as an object, everything else as text. */
  async request(method: string, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
  }

  /** Ends the process with a signal, by default one that it cannot catch. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Starts it again in the same folder, with the flows of the last deploy. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(signal);
    await this.launch();
  }

  /** Shuts it down and deletes its folder, unless the folder was given. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.child?.kill('SIGKILL'), 15_000);
    await this.kill('SIGTERM');
    clearTimeout(late);
    if (this.temporary) rmSync(this.userDir, { recursive: true, force: true, maxRetries: 3 });
  }

  private async launch(): Promise<void> {
    const args = [join(this.red, 'red.js'), '--userDir', this.userDir, '--settings', join(this.userDir, 'settings.js')];
    const child = spawn(this.node, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd: this.userDir,
      env: { ...process.env, NODE_OPTIONS: '', NODE_RED_ENABLE_PROJECTS: '', ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const before = this.text.length;
    const take = (data: Buffer) => {
      this.text += data;
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    await until(
      'Node-RED is up',
      () => {
        const log = this.text.slice(before);
        if (child.exitCode !== null) throw new Error(`Node-RED ended with code ${child.exitCode}:\n${log}`);
        return /Server now running at/.test(log) && /Started flows|Waiting for missing types/.test(log);
      },
      90_000,
    ).catch((error) => {
      child.kill('SIGKILL');
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.text.slice(before)}`);
    });
  }
}

/** Makes this package count as installed in a user folder. */
export function linkPackage(userDir: string): void {
  const link = join(userDir, 'node_modules', '@twinflow', 'node-red-sync');
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(projectRoot, link, 'junction');
  const manifest = join(userDir, 'package.json');
  if (!existsSync(manifest)) {
    writeFileSync(manifest, '{ "name": "twinflow-test", "dependencies": { "@twinflow/node-red-sync": "*" } }\n');
  }
}

export const startNodeRed = NodeRed.start;
