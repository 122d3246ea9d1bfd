/** The page's texts: no language lacks one, and each text that the code asks for is there. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../../nodes/monitor');

type Catalog = { [key: string]: string | Catalog };

const flat = (catalog: Catalog, path = ''): [string, string][] =>
  Object.entries(catalog).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flat(value, `${path}${key}.`),
  );
const textsOf = (language: string): Map<string, string> =>
  new Map(flat(JSON.parse(readFileSync(join(FOLDER, 'locales', language, 'monitor.json'), 'utf8')) as Catalog));
const placeholders = (text: string): string[] => [...new Set(text.match(/__\w+?__/g) ?? [])].sort();

describe("the monitor's texts", () => {
  const english = textsOf('en-US');

  for (const language of readdirSync(join(FOLDER, 'locales'))) {
    it(`${language} has them all, with the same variables`, () => {
      const texts = textsOf(language);
      assert.deepEqual([...texts.keys()].sort(), [...english.keys()].sort());
      for (const [key, text] of english) {
        assert.notEqual(texts.get(key)?.trim(), '', key);
        if (!key.endsWith('_one')) assert.deepEqual(placeholders(texts.get(key) ?? ''), placeholders(text), key);
      }
    });
  }

  it('hold a sentence for each code of an explanation', () => {
    const source = readFileSync(join(FOLDER, '../../lib/plan/explain.ts'), 'utf8');
    const codes = [...source.matchAll(/said\(\s*'(\w+)',\s*'\w+',\s*([^,)]+)/g)].flatMap(([, step, code = '']) => {
      const literals = [...code.matchAll(/'([\w.]+)'/g)].map(([, name]) => name ?? '');
      return literals.map((name) => `explain.${step}.${name}`);
    });
    assert.ok(codes.length > 25, `${codes.length}`);
    const lacking = codes.filter((code) => !english.has(code));
    assert.deepEqual(lacking, []);
  });

  it('hold each one that the code names, and none that it does not', () => {
    const code = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    const named = new Set([...code.matchAll(/\bsay\(\s*'([\w.]+)'/g)].map(([, key]) => key ?? ''));
    // keys that are put together: say(`kind.${kind}`)
    const beginnings = [...code.matchAll(/\bsay\(\s*`([\w.]+)\$\{/g)].map(([, start]) => start ?? '');
    const lacking = [...named].filter((key) => !english.has(key) && !['yes', 'no'].includes(key));
    assert.deepEqual(lacking, []);
    const isUsed = (key: string): boolean =>
      named.has(key) ||
      code.includes(`'${key}'`) ||
      beginnings.some((start) => key.startsWith(start)) ||
      (key.endsWith('_one') && isUsed(key.slice(0, -'_one'.length)));
    assert.deepEqual(
      [...english.keys()].filter((key) => !isUsed(key)),
      [],
    );
  });
});
