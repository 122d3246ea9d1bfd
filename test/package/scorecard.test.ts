/**
 * The checks of the Node-RED flow library's scorecard (https://flows.nodered.org/add/node, the node-red-dev tool), as far
 * as they need no network: P = package, N = nodes, D = dependencies.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import semver from 'semver';
import { projectRoot } from '../support/node-red';

interface Manifest {
  name: string;
  version: string;
  license: string;
  repository: { url: string };
  bugs: { url: string };
  keywords: string[];
  engines: { node: string };
  'node-red': { version: string; nodes: Record<string, string> };
  dependencies: Record<string, string>;
}

const json = <T>(...path: string[]): T => JSON.parse(readFileSync(join(projectRoot, ...path), 'utf8')) as T;
const text = (...path: string[]): string => readFileSync(join(projectRoot, ...path), 'utf8');
const manifest = json<Manifest>('package.json');
const nodes = Object.entries(manifest['node-red'].nodes);

/** What an editor form registers, read from its source text as the scorecard does it: only what stands there literally. */
function registered(html: string): Map<string, Map<string, unknown>> {
  const types = new Map<string, Map<string, unknown>>();
  for (const [, script = ''] of html.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([\S\s]*?)<\/script>/gi)) {
    simple(parse(script, { ecmaVersion: 'latest' }), {
      CallExpression({ callee, arguments: [type, definition] }) {
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
        if (callee.property.name !== 'registerType') return;
        assert.ok(type?.type === 'Literal', 'the type stands literally in registerType');
        assert.ok(definition?.type === 'ObjectExpression', 'the definition stands literally in registerType');
        const properties = new Map<string, unknown>();
        for (const property of definition.properties) {
          assert.ok(property.type === 'Property' && property.key.type === 'Identifier', 'no spread, no computed name');
          const { value } = property;
          properties.set(property.key.name, value.type === 'Literal' ? value.value : value.type);
        }
        types.set(String(type.value), properties);
      },
    });
  }
  return types;
}

const forms = nodes.map(([type, file]) => {
  const path = file.replace(/\.js$/, '.html');
  return { type, file, html: existsSync(join(projectRoot, path)) ? text(path) : '' };
});

describe('package/scorecard', () => {
  it('P01: has a licence, with its full text', () => {
    assert.equal(manifest.license, 'Apache-2.0');
    assert.match(text('LICENSE'), /Apache License\s+Version 2\.0, January 2004[\s\S]+END OF TERMS AND CONDITIONS/);
  });

  it('P03: says where its repository is and where to report bugs', () => {
    assert.match(manifest.repository.url, /^git\+https:\/\/.+\.git$/);
    assert.match(manifest.bugs.url, /^https:\/\//);
  });

  it('P04: has a scoped name', () => {
    assert.match(manifest.name, /^@[a-z\d][\w-.]+\/[a-z\d][\w-.]*$/);
  });

  it('P05: is found by the keyword node-red', () => {
    assert.ok(manifest.keywords.includes('node-red'));
  });

  it('P06: runs in the current Node-RED and the one before', () => {
    const installed = json<{ version: string }>('node_modules', 'node-red', 'package.json').version;
    for (const version of [installed, '4.1.0', '5.0.0']) {
      assert.ok(semver.satisfies(version, manifest['node-red'].version), version);
    }
    assert.ok(!semver.satisfies('4.0.9', manifest['node-red'].version));
  });

  it('P07: names the Node.js it needs: the first that has node:sqlite without a flag, in every line that is maintained', () => {
    for (const version of ['22.13.0', '24.0.0', '26.0.0']) {
      assert.ok(semver.satisfies(version, manifest.engines.node), version);
    }
    assert.ok(!semver.satisfies('22.12.0', manifest.engines.node));
  });

  it('N01: all node types begin with the name of the package, so that they are unique', () => {
    for (const [type] of nodes) assert.match(type, /^twinflow-[a-z-]+$/);
    assert.equal(nodes.length, 9);
  });

  for (const { type, file, html } of forms) {
    it(`N01: ${type} is registered in its form once, in a way that the library can read`, () => {
      const types = registered(html);
      assert.deepEqual([...types.keys()], [type], file);
      const definition = types.get(type);
      assert.equal(definition?.get('defaults'), 'ObjectExpression');
      if (definition.get('category') === 'config') return;
      for (const name of ['category', 'color', 'inputs', 'outputs', 'icon']) {
        assert.ok(['string', 'number'].includes(typeof definition.get(name)), `${name} is a literal`);
      }
      assert.match(String(definition.get('color')), /^#[\da-f]{3,6}$/i);
      const icon = String(definition.get('icon'));
      const folder = join(projectRoot, file, '..', 'icons');
      assert.ok(icon.startsWith('font-awesome/') || existsSync(join(folder, icon)), `icon ${icon} is in ${folder}`);
    });

    it(`${type} has a form and help of its own`, () => {
      assert.ok(html.includes(`data-template-name="${type}"`), 'form');
      const base = file.replace(/^.*\//, '').replace(/\.js$/, '.html');
      const locale = join(projectRoot, file, '..', 'locales', 'en-US', base);
      const help = html + (existsSync(locale) ? readFileSync(locale, 'utf8') : '');
      assert.ok(help.includes(`data-help-name="${type}"`), 'help');
    });
  }

  it('N02: every node that is not a config node stands in an example', () => {
    const used = new Set(
      readdirSync(join(projectRoot, 'examples'))
        .filter((file) => file.endsWith('.json'))
        .flatMap((file) => json<{ type: string }[]>('examples', file).map(({ type }) => type)),
    );
    for (const { type, html } of forms) {
      if (registered(html).get(type)?.get('category') !== 'config') assert.ok(used.has(type), type);
    }
  });

  it('D01: has at most six dependencies', () => {
    assert.ok(Object.keys(manifest.dependencies).length <= 6, Object.keys(manifest.dependencies).join(', '));
  });

  it('D02: none of them, nor of theirs, is known to break Node-RED', () => {
    const lock = json<{ packages: Record<string, { version?: string; dev?: boolean }> }>('package-lock.json');
    for (const [path, { version = '0.0.0', dev }] of Object.entries(lock.packages)) {
      if (!dev && path.endsWith('node_modules/agent-base')) assert.ok(semver.gte(version, '6.0.0'), path);
    }
  });

  it('D03: none of them needs a compiler or a download when it is installed', () => {
    const lock = json<{ packages: Record<string, { hasInstallScript?: boolean; dev?: boolean }> }>('package-lock.json');
    const scripts = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript && !entry.dev);
    assert.deepEqual(scripts, []);
  });
});
