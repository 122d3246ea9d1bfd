/**
 * `npm start`, `npm test`, `npm run bench`, `npm run simulate`, `npm run fuzz`, `npm run figures` and `npm run chaos`:
 * each works in a bare clone, with Node 20 or newer and npm. Installs and builds what is missing, then continues under
 * the project's own Node.js.
 */

import { spawn } from 'node:child_process';
import { buildAll, environment, install, node, root } from './prepare.mjs';

/** Runs a script instead of this one: same terminal, same exit code, signals forwarded. */
function become(args) {
  const child = spawn(node, args, { cwd: root, env: environment(), stdio: 'inherit' });
  // Ctrl-C reaches the child from the terminal; the child decides how to end
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

async function built() {
  const errors = await buildAll();
  if (!errors) return;
  console.error(errors);
  process.exit(1);
}

const [command, ...args] = process.argv.slice(2);
switch (command) {
  case 'start':
    await install();
    await built();
    become(['--disable-warning=ExperimentalWarning', 'demo/start.mjs', ...args]);
    break;
  case 'test':
    await install();
    become(['scripts/test.mjs', ...args]);
    break;
  case 'bench':
    await install();
    await built();
    become(['--disable-warning=ExperimentalWarning', '--import', 'tsx', 'test/bench/main.ts', ...args]);
    break;
  case 'simulate':
    await install();
    become(['--disable-warning=ExperimentalWarning', '--import', 'tsx', 'test/simulation/cli.ts', ...args]);
    break;
  case 'fuzz':
    await install();
    become(['--disable-warning=ExperimentalWarning', '--import', 'tsx', 'test/fuzz/cli.ts', ...args]);
    break;
  case 'figures':
    await install();
    become(['--disable-warning=ExperimentalWarning', '--import', 'tsx', 'test/figures/cli.ts', ...args]);
    break;
  case 'chaos':
    await install();
    await built();
    become(['--disable-warning=ExperimentalWarning', '--import', 'tsx', 'test/chaos/cli.ts', ...args]);
    break;
  default:
    console.error('usage: node scripts/main.mjs start|test|bench|simulate|fuzz|figures|chaos [arguments]');
    process.exitCode = 2;
}
