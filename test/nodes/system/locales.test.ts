/** What connectors ask for is to be read in German too: every label and hint, and every choice that is no name. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '../../../lib/connectors/registry';
import { projectRoot } from '../../support/node-red';

interface Texts {
  label?: string;
  hint?: string;
  options?: Record<string, string>;
}

const file = join(projectRoot, 'nodes/system/locales/de/system.json');
const { connectors: german } = JSON.parse(readFileSync(file, 'utf8')) as {
  connectors: Record<string, Record<string, Texts>>;
};
/** The same in every language. */
const isName = (label: string): boolean =>
  /^[\d.]+( \((Services|Server \d+)\))?$|^(Markdown \/ CommonMark|Textile)$/.test(label);

describe('German texts of what a system form asks for', () => {
  for (const { kind, config } of Object.values(connectors)) {
    it(`${kind}: label, hint and choices of every input`, () => {
      const missing = config.flatMap(({ name, hint, options = [], ...field }) => {
        const texts = german[kind]?.[name];
        return [
          ...(field.label && !texts?.label ? [`${name}.label`] : []),
          ...(hint && !texts?.hint ? [`${name}.hint`] : []),
          ...options
            .filter(({ value, label }) => !isName(label) && kind !== 'sandbox' && !texts?.options?.[value])
            .map(({ value }) => `${name}.options.${value}`),
        ];
      });
      assert.deepEqual(missing, []);
    });

    it(`${kind}: nothing that the form does not ask for`, () => {
      const asked = new Map(config.map((field) => [field.name, field]));
      const left = Object.entries(german[kind] ?? {}).flatMap(([name, { hint, options = {} }]) => {
        const field = asked.get(name);
        if (!field) return [name];
        const values = new Set((field.options ?? []).map(({ value }) => value));
        const idle = Object.keys(options).filter((value) => !values.has(value));
        return [...(hint && !field.hint ? [`${name}.hint`] : []), ...idle.map((value) => `${name}.options.${value}`)];
      });
      assert.deepEqual(left, []);
    });
  }
});
