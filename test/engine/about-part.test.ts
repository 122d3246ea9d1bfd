import assert from 'node:assert/strict';
import { aboutPart } from '../../lib/engine/about-part';
import { readIntegration } from '../../lib/engine/config';
import type { Entity } from '../../lib/model/entity';

const comment = (content: string, more: Partial<Entity> = {}): Entity => ({
  ...{ id: '17#1', key: 'DEMO-17#1', type: 'comment', project: '1', version: '1', updatedAt: '2026-05-01T10:00:00Z' },
  owner: { id: '17', key: 'DEMO-17', type: '7' },
  fields: { text: { format: 'markdown', content } },
  ...more,
});

const CONFIG = readIntegration({
  typePairs: [
    {
      ...{ id: 'bugs', one: { id: '7', name: 'Bug' }, two: { id: '7', name: 'Bug' }, direction: 'both' },
      parts: [
        {
          id: 'comments',
          role: 'comment',
          one: { id: 'comment', name: 'Comment' },
          two: { id: 'c' },
          direction: 'both',
        },
      ],
    },
  ],
});
const about = (part: Entity) => aboutPart(CONFIG, 1, part);

describe('What people know a comment by', () => {
  it('is its item, its author and its first words, without markup', () => {
    const found = about(comment('**I** see\n\nit, too', { createdBy: { name: 'Ann', login: 'ann' } }));
    assert.deepEqual(found, { type: 'Comment', owner: 'DEMO-17', by: 'Ann', words: 'I see it, too' });
  });

  it('is its item alone where it was deleted, and nothing for an item', () => {
    assert.deepEqual(about(comment('', { fields: {}, deleted: true })), { type: 'Comment', owner: 'DEMO-17' });
    assert.equal(about(comment('x', { owner: undefined })), undefined);
  });

  it('is cut between words; a text without blanks anywhere, but in no character', () => {
    const wordsOf = (content: string) => about(comment(content))?.words;
    assert.equal(wordsOf(`${'word '.repeat(11)}secret-of-somebody`), `${'word '.repeat(11).trim()}…`);
    assert.equal(wordsOf('x'.repeat(100)), undefined);
    assert.equal(wordsOf('日本'.repeat(50)), `${'日本'.repeat(30)}…`);
    assert.equal(wordsOf(`a${'😀'.repeat(50)}`), `a${'😀'.repeat(29)}…`);
  });

  it('does not keep anybody waiting, whatever the text', () => {
    const from = Date.now();
    about(comment('[!['.repeat(300_000)));
    about(comment('{"type":'.repeat(300_000), { fields: { text: { format: 'adf', content: '{'.repeat(10_000) } } }));
    assert.ok(Date.now() - from < 1_000);
  });
});
