/**
 * `npm run connectors [-- --json]`: how much each connector is, by kind. `lines` of its connector file, `hooks` = lines of code of its
 * own, `verified` = what it was run against, in the words of the file or of its page in docs/connectors.
 */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'lib/connectors');
const linesOf = (file) => readFileSync(file, 'utf8').trimEnd().split('\n').length;

const kinds = {};
for (const file of globSync(join(folder, 'declared/files/*.yaml')).sort()) {
  const { kind, verified } = parse(readFileSync(file, 'utf8'));
  kinds[kind] = { lines: linesOf(file), hooks: 0, verified };
}
// a folder with a page is a connector; the others are parts of all
for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const page = join(root, 'docs/connectors', `${name}.md`);
  if (!existsSync(page)) continue;
  const files = globSync(join(folder, name, '**/*.ts'));
  const verified = /\*Verified:\*\s*([\s\S]*?)\n\n/.exec(readFileSync(page, 'utf8'))?.[1]?.replace(/\s+/g, ' ');
  const hooks = files.reduce((sum, file) => sum + linesOf(file), 0);
  kinds[name] = { lines: 0, hooks, verified: verified ?? `see docs/connectors/${basename(page)}` };
}

if (process.argv.includes('--json')) console.log(JSON.stringify(kinds, null, 2));
else
  for (const [kind, { lines, hooks, verified }] of Object.entries(kinds))
    console.log(
      `${kind.padEnd(18)}${String(lines).padStart(6)} of file ${String(hooks).padStart(6)} of code   ${verified}`,
    );
