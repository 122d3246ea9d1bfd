import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../support/node-red';
import { pack } from '../support/pack';

describe('package/contents of the tarball', function () {
  this.timeout(60_000);
  let files: string[] = [];
  let size = 0;

  before(() => {
    const packed = pack();
    files = packed.files.map(({ path }) => path).sort();
    size = packed.size;
  });

  it('holds what a palette install needs and nothing else', () => {
    const strange = files.filter(
      (path) =>
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path) &&
        !/^dist\/(lib|nodes)\/.+\.(js|json|html|css|svg|png|sql|yaml)$/.test(path) &&
        !/^dist\/(vendor\.js|(vendor|browser)\.licenses\.txt)$/.test(path) &&
        !/^docs\/.+\.(md|json)$/.test(path) &&
        !/^examples\/[\w-]+\.json$/.test(path),
    );
    assert.deepEqual(strange, []);
    for (const path of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) assert.ok(files.includes(path), path);
  });

  it('holds the code, the form and the words of every node', () => {
    const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      'node-red': { nodes: Record<string, string> };
    };
    for (const file of Object.values(manifest['node-red'].nodes)) {
      const base = file.replace(/^.*\//, '').replace(/\.js$/, '');
      const locale = file.replace(/[^/]+$/, `locales/en-US/${base}.json`);
      for (const path of [file, file.replace(/\.js$/, '.html'), locale]) assert.ok(files.includes(path), path);
    }
  });

  it('imports nothing that it neither holds nor depends on', () => {
    const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const scripts = files.filter((path) => /^dist\/(lib|nodes)\/.*\.js$/.test(path) && !path.endsWith('/page.js'));
    for (const path of scripts) {
      const text = readFileSync(join(projectRoot, path), 'utf8');
      for (const [, name = ''] of text.matchAll(/\brequire\("([^".][^"]*)"\)/g)) {
        assert.ok(isBuiltin(name) || name in dependencies, `${path}: ${name}`);
      }
    }
  });

  it('is a small download', () => {
    // with its documentation, the drivers of two databases, a YAML parser and the plots and graph of a page; bundled code needs no further package
    assert.ok(size < 1_950_000, `${size} bytes`);
  });
});
