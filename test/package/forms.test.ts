/** What the editor expects of a form's definition and passes over in silence where it is not so. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { HISTORIES, isNodeType, versionOf } from '../../lib/saved';
import { editorKilobytes } from '../bench/editor';
import { projectRoot } from '../support/node-red';

/** Less than half of what it was before the forms shared their code. */
const MOST_KILOBYTES = 430;

interface Definition {
  defaults: Record<string, { value: unknown; validate?: (value: unknown, options: object) => unknown }>;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};

const scriptIn = (html: string): string => /<script type="text\/javascript">([\S\s]*?)<\/script>/.exec(html)?.[1] ?? '';

/** The sidebar's file: it has what several forms use. */
const shared = (): string => readFileSync(join(projectRoot, 'dist/nodes/sidebar/sidebar.html'), 'utf8');

/** The definition that a built form registers, with everything else of the editor and the browser left out. */
function definitionOf(type: string, html: string, sharedFirst = true): Definition {
  const found = new Map<string, Definition>();
  // undefined: the form
  const inOrder = sharedFirst ? [shared(), undefined] : [undefined, shared()];
  const nothing: object = new Proxy(() => {}, {
    get: (_target, name) => (name === Symbol.toPrimitive ? () => '' : nothing),
    apply: () => nothing,
    construct: () => nothing,
  });
  const nodes = { registerType: (name: string, definition: Definition) => found.set(name, definition) };
  const RED = new Proxy({ nodes }, { get: (target, name) => (name === 'nodes' ? target.nodes : nothing) });
  const context = vm.createContext({ RED, $: nothing, jQuery: nothing, document: nothing, window: {}, console });
  for (const code of inOrder.map((file) => file ?? html)) vm.runInContext(scriptIn(code), context);
  const definition = found.get(type);
  if (!definition) throw new Error(`The form does not register ${type}`);
  return definition;
}

describe('package/forms', () => {
  it(`has at most ${MOST_KILOBYTES} kB in all forms and the sidebar, each shared file once`, () => {
    assert.ok(editorKilobytes() <= MOST_KILOBYTES, `${editorKilobytes()} kB`);
  });

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

    it(`${type}: finds in the shared code all that it calls there`, () => {
      const html = readFileSync(join(projectRoot, file.replace(/\.js$/, '.html')), 'utf8');
      const table = /window\.twinflowShared=\{([\s\S]*?)\}\};/.exec(scriptIn(shared()))?.[1] ?? '';
      const there = new Set([...table.matchAll(/([\w$]+):/g)].map(([, name]) => name));
      const called = [...scriptIn(html).matchAll(/\(0,[\w$]+\.([\w$]+)\)\(/g)].map(([, name]) => name);
      assert.deepEqual(
        called.filter((name) => !there.has(name)),
        [],
      );
    });

    it(`${type}: waits for the shared code, in whichever order the editor loads both`, () => {
      const html = readFileSync(join(projectRoot, file.replace(/\.js$/, '.html')), 'utf8');
      assert.deepEqual(Object.keys(definitionOf(type, html, false).defaults), Object.keys(definition().defaults));
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
