/**
 * `npm run release -- <version>`: checks, sets the version, tags it and publishes. `--dry-run` shows what would be published.
 *
 * Everything must be committed, on main; CHANGELOG.md must name the version. Nothing is pushed: `git push --follow-tags` is yours.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [version = '', ...flags] = process.argv.slice(2);
const dry = flags.includes('--dry-run');
const out = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();
const show = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });
const stop = (why) => {
  console.error(why);
  process.exit(1);
};

if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) stop('usage: npm run release -- <version> [--dry-run]');
if (out('git', 'status', '--porcelain') !== '') stop('There are uncommitted changes.');
if (out('git', 'rev-parse', '--abbrev-ref', 'HEAD') !== 'main') stop('Releases are made from main.');
if (out('git', 'tag', '--list', `v${version}`) !== '') stop(`The tag v${version} is there already.`);
const changelog = readFileSync('CHANGELOG.md', 'utf8');
if (!new RegExp(`^## ${version.replaceAll('.', '\\.')}(?! – unreleased)`, 'm').test(changelog)) {
  stop(`CHANGELOG.md has no section "## ${version} – <date>".`);
}

show('npm', 'run', 'check');
show('npm', 'test');
if (dry) {
  show('npm', 'publish', '--dry-run');
} else {
  const { version: current } = JSON.parse(readFileSync('package.json', 'utf8'));
  if (current === version) show('git', 'tag', '-a', `v${version}`, '-m', `Version ${version}`);
  else show('npm', 'version', version, '-m', 'Version %s');
  show('npm', 'publish');
}
