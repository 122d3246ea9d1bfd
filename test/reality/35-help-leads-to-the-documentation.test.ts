/** Each node's help leads to its section of the documentation, in every language. */

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectRoot } from '../support/node-red';

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');
/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const { homepage } = JSON.parse(read('package.json')) as { homepage: string };
const helps = globSync('nodes/*/locales/*/*.html', { cwd: projectRoot }).filter((file) =>
  /data-help-name/.test(read(file)),
);

describe('the help of a node', () => {
  it('is there in two languages at least', () => {
    assert.ok(helps.length >= 16, helps.join());
  });

  for (const file of helps)
    it(`leads to its section: ${file}`, () => {
      const links = [...read(file).matchAll(/href="([^"]+\/docs\/[^"#]+\.md)#([^"]+)"/g)];
      const node = basename(file, '.html');
      const [, address = '', anchor = ''] = links.find(([, , at]) => at?.endsWith(node)) ?? [];
      const repository = homepage.replace(/#.*$/, '');
      assert.ok(address.startsWith(`${repository}/`), `${file} links to ${address || 'nothing'}`);
      const page = address.replace(/^.*\/docs\//, 'docs/');
      assert.ok(existsSync(join(projectRoot, page)), page);
      const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
      assert.ok(headings.includes(anchor), `${page} has no section ${anchor}`);
    });
});
