/**
 * The page of each connector lists the inputs of its form, as the connector declares them. `TWINFLOW_WRITE_PAGES=1` writes the
 * lists again, between the two comments at the end of the page.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigField } from '../../../lib/connectors/form';
import { connectors } from '../../../lib/connectors/registry';
import { projectRoot } from '../../support/node-red';

const BEGIN = '<!-- inputs: written by test/connectors/kit/pages.test.ts -->';
const END = '<!-- /inputs -->';

const KINDS: Record<ConfigField['type'], string> = {
  ...{ text: 'text', url: 'address', secret: 'secret', select: 'choice', boolean: 'yes or no' },
};

function row(field: ConfigField, all: readonly ConfigField[]): string {
  const { label, type, required, default: usual, options = [], hint, placeholder, visibleIf } = field;
  const of = (choices: ConfigField['options'], value: unknown) => choices?.find((one) => one.value === value)?.label;
  const other = all.find(({ name }) => name === visibleIf?.name);
  const shown = typeof usual === 'boolean' ? (usual ? 'yes' : 'no') : (of(options, usual) ?? usual);
  const words = [
    options.length > 0 ? `${options.map((one) => one.label).join(', ')}.` : '',
    hint ?? '',
    hint || !placeholder ? '' : `For example: ${placeholder}`,
    other ? `Shown where *${other.label}* is “${of(other.options, visibleIf?.value)}”.` : '',
  ];
  const cells = [`${label}${required ? ' *' : ''}`, KINDS[type], shown ?? '', words.filter(Boolean).join(' ')];
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
}

const table = (config: readonly ConfigField[]): string =>
  ['| input | kind | default | |', '|---|---|---|---|', ...config.map((field) => row(field, config))].join('\n');

describe('the documentation of connectors', () => {
  for (const { kind, config } of Object.values(connectors)) {
    it(`${kind}: the inputs of the form are on its page as they are declared`, () => {
      const file = join(projectRoot, `docs/connectors/${kind}.md`);
      const page = readFileSync(file, 'utf8');
      const wanted = `${BEGIN}\n\n${table(config)}\n\n${END}`;
      if (process.env.TWINFLOW_WRITE_PAGES) {
        const parts = page.split(BEGIN);
        const before = parts.length > 1 ? parts[0] : `${page.trimEnd()}\n\n## The form's inputs\n\n`;
        writeFileSync(file, `${before}${wanted}\n`);
      }
      const [, written = ''] = readFileSync(file, 'utf8').split(BEGIN);
      assert.equal(`${BEGIN}${written}`.trimEnd(), wanted);
    });
  }
});
