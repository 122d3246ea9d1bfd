/** What the editor expects of a form's definition and passes over in silence where it is not so. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { HISTORIES, isNodeType, versionOf } from '../../lib/saved';
import { projectRoot } from '../support/node-red';

interface Definition {
  defaults: Record<string, { value: unknown; validate?: (value: unknown, options: object) => unknown }>;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};

/** The definition that a built form registers, with everything else of the editor and the browser left out. */
function definitionOf(type: string, html: string): Definition {
  const found = new Map<string, Definition>();
  const nothing: object = new Proxy(() => {}, {
    get: (_target, name) => (name === Symbol.toPrimitive ? () => '' : nothing),
    apply: () => nothing,
    construct: () => nothing,
  });
  const nodes = { registerType: (name: string, definition: Definition) => found.set(name, definition) };
  const RED = new Proxy({ nodes }, { get: (target, name) => (name === 'nodes' ? target.nodes : nothing) });
  const [, script = ''] = /<script type="text\/javascript">([\S\s]*?)<\/script>/.exec(html) ?? [];
  vm.runInNewContext(script, { RED, $: nothing, jQuery: nothing, document: nothing, window: {}, console });
  const definition = found.get(type);
  if (!definition) throw new Error(`The form does not register ${type}`);
  return definition;
}

describe('package/forms', () => {
  for (const [type, file] of Object.entries(manifest['node-red'].nodes)) {
    const definition = () => {
      const html = readFileSync(join(projectRoot, file.replace(/\.js$/, '.html')), 'utf8');
      return definitionOf(type, html);
    };

    it(`${type}: says why a property is invalid, which the editor shows only of a validator with two parameters`, () => {
      const silent = Object.entries(definition().defaults).filter(
        ([, { validate }]) => validate !== undefined && validate.length !== 2,
      );
      assert.deepEqual(
        silent.map(([name]) => name),
        [],
      );
    });

    it(`${type}: has no property of one letter, which the editor keeps for itself`, () => {
      assert.deepEqual(
        Object.keys(definition().defaults).filter((name) => name.length < 2),
        [],
      );
    });

    it(`${type}: carries the version of its configuration`, () => {
      assert.equal(definition().defaults.version?.value, isNodeType(type) ? versionOf(HISTORIES[type]) : undefined);
    });
  }
});
