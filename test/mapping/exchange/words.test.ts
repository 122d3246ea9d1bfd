import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHOICES, COLUMNS, type Language, meaning, SHEETS } from '../../../lib/mapping/exchange/words';
import { projectRoot } from '../../support/node-red';

/** A text of a form. */
function form(node: string, language: Language, path: string): string {
  const file = join(projectRoot, 'nodes', node, 'locales', language, `${node}.json`);
  let text: unknown = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of path.split('.'))
    text = typeof text === 'object' && text !== null ? Reflect.get(text, key) : undefined;
  return String(text);
}

describe('mapping/exchange: the words of a workbook', () => {
  for (const language of ['en-US', 'de'] as const) {
    it(`are those of the forms in ${language}`, () => {
      for (const [name, words] of Object.entries({
        syncWhen: CHOICES.syncWhen,
        applyWhen: CHOICES.applyWhen,
        conflict: CHOICES.conflict,
        mentions: CHOICES.mentions,
        type: CHOICES.type,
      }))
        for (const [key, word] of Object.entries(words))
          assert.equal(word[language], form('field-mapper', language, `mapping.${name}.${key}`), `${name}.${key}`);
      for (const name of ['empty', 'unresolved'] as const)
        for (const [key, word] of Object.entries(CHOICES[name]))
          assert.equal(word[language], form('default-mapper', language, `default-mapper.${name}.${key}`));
      const heads = { syncWhen: 'syncWhen.label', applyWhen: 'applyWhen.label', conflict: 'conflict.label' } as const;
      for (const [column, path] of Object.entries({
        ...heads,
        fallback: 'conflict.fallback',
        mentions: 'mentions.label',
      }))
        assert.equal(COLUMNS[column as 'fallback'][language], form('field-mapper', language, `mapping.${path}`));
      for (const [sheet, node] of [
        ['fields', 'field-mapper'],
        ['pairs', 'value-mapper'],
        ['defaults', 'default-mapper'],
      ] as const)
        assert.equal(SHEETS[sheet][language].toLowerCase(), form(node, language, `${node}.paletteLabel`).toLowerCase());
    });
  }

  it('of earlier versions are still understood', () => {
    assert.equal(meaning(SHEETS, 'Felder zuordnen'), 'fields');
    assert.equal(meaning(COLUMNS, 'Where that is not possible'), 'fallback');
    assert.equal(meaning(COLUMNS, 'Default'), 'value');
    assert.equal(meaning(CHOICES.conflict, 'park it for a person'), 'park');
    assert.equal(meaning(CHOICES.empty, 'source empty: write the default'), 'default');
    assert.equal(meaning(CHOICES.unresolved, 'unbekannt: Feld so lassen'), 'leave');
    assert.equal(meaning(CHOICES.type, 'Person'), 'user');
  });

  it('mean one thing each, whatever the language', () => {
    for (const words of [SHEETS, ...Object.values(CHOICES)] as Record<string, Record<Language, string>>[])
      for (const [key, word] of Object.entries(words))
        for (const text of Object.values(word)) assert.equal(meaning(words, ` ${text.toUpperCase()} `), key, text);
    assert.equal(meaning(CHOICES.yesNo, 'TRUE'), 'yes');
    assert.equal(meaning(CHOICES.direction, '__proto__'), undefined);
  });
});
