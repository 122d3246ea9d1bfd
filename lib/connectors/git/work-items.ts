/**
 * Ids of work items in messages: `#12`, `DEMO-7`. The patterns are no regular expressions, which a message could bring to a
 * standstill, but texts with placeholders.
 */

const LONGEST_MESSAGE = 100_000;
const MOST_IDS = 100;

const PLACES: Record<string, string> = { number: '\\d{1,15}', key: '[A-Z][A-Z0-9_]{1,20}' };

/** Finds ids: what the placeholders stand for, from the first to the last one. */
export type FindIds = (message: string) => string[];

/**
 * @param text patterns, separated by commas: `#{number}, {key}-{number}`
 * @throws Error for an admin
 */
export function readPatterns(text: string): FindIds {
  const patterns = text.split(',').flatMap((one) => (one.trim() === '' ? [] : [compiled(one.trim())]));
  return (message) => {
    const start = message.slice(0, LONGEST_MESSAGE);
    const found = patterns.flatMap((pattern) => [...start.matchAll(pattern)].map((match) => ({ match })));
    // in the order of the text, whichever pattern found them
    const ids = found.sort((a, b) => a.match.index - b.match.index).flatMap(({ match }) => match[1] ?? []);
    return [...new Set(ids)].slice(0, MOST_IDS);
  };
}

function compiled(pattern: string): RegExp {
  const shown = JSON.stringify(pattern.slice(0, 60));
  const parts = pattern.split(/\{(\w+)\}/);
  if (parts.length < 3) throw new Error(`${shown} has no {number} in it`);
  if (pattern.length > 200 || parts.length > 9) throw new Error(`${shown} is too long`);
  const sources = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replace(/\s+/g, '\\s{1,10}');
    const source = PLACES[part];
    if (source === undefined) throw new Error(`${shown}: {${part}} is neither {number} nor {key}`);
    return source;
  });
  const [before = '', after = ''] = [sources[0], sources.at(-1)];
  const id = sources.slice(1, -1).join('');
  return new RegExp(`(?<![\\w#])${before}(${id})${after}(?!\\w)`, 'g');
}
