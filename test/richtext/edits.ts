/**
 * Edits in place: generated documents full of containers, and one edit of the other side in each. What must come out is the
 * document with that edit and nothing else changed.
 */

import type { RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText, parse, render } from '../../lib/richtext';
import { partsOf } from '../../lib/richtext/merge/parts';
import type { Block } from '../../lib/richtext/tree';

export type Markup = Exclude<RichTextFormat, 'text'>;
export const MARKUPS: Markup[] = ['html', 'markdown', 'textile', 'jira-wiki', 'adf'];

/** Containers of each format; each ¤ becomes some words. */
const LINES: Record<Exclude<Markup, 'adf'>, string[]> = {
  'jira-wiki': [
    '{panel:title=¤|borderStyle=dashed|bgColor=#ffffce}\n¤ *¤* ¤\n\n# ¤\n# ¤ !s.png|thumbnail!\n{panel}',
    '{quote}\n¤\n\n{color:#ff0000}¤{color} ¤\n{quote}',
    '{info:title=¤}\n¤\n!t.png|width=200!\n{info}',
    '{warning}\n¤ [^log.txt] ¤\n{warning}',
    '{expand:¤}\n¤\n{code:java}\nint ¤;\n{code}\n{expand}',
    '||¤||¤||\n|¤|{color:#ff0000}¤{color}|\n|!u.png|width=80!|¤ [~bob] ¤|',
    '* ¤\n** ¤ _¤_\n*# ¤ !v.png!\n* ¤ [¤|https://example.org/x]',
    '* ¤\n{noformat}\nx {code} ¤\n{noformat}\n* ¤',
    'bq. ¤ {{¤}} ¤',
    '{panel}\n|¤|¤|\n{panel}',
    'h2. {color:#00ff00}¤{color} ¤\n{toc}',
  ],
  markdown: [
    '<details open>\n<summary>¤</summary>\n\n¤ **¤** ¤\n\n```js\nlet ¤;\n```\n\n</details>',
    '> [!WARNING]\n> ¤ ¤\n>\n> - ¤\n> - ¤ ![s](https://example.org/s.png)',
    '> ¤\n> > ¤\n>\n> ¤',
    '1) ¤\n2) ¤\n   - [x] ¤\n   - [ ] ¤\n\n   ¤',
    '* ¤\n\n  ¤\n\n  ```sh\n  run ¤\n  ```\n* ¤ [¤][ref]\n\n[ref]: https://example.org/ref "tip"',
    '| ¤ | ¤ |\n|:--|--:|\n| ¤ | <b>¤</b> ¤ |\n| ![u](https://example.org/u.png) | ¤ |',
    '<table><tr><td style="background-color:#ffeeee" colspan="2">¤ <u>¤</u></td></tr><tr><td>¤</td><td>¤</td></tr></table>',
    '<div align="center">\n\n¤ <img src="https://example.org/v.png" width="80"> ¤\n\n</div>',
    '¤[^1] ¤\n\n[^1]: ¤ ¤',
    'Title ¤\n=======\n\n<!-- hidden -->\n\n¤ `¤` ¤\\\n¤ <kbd>Ctrl</kbd>',
  ],
  textile: [
    'bq(note). ¤ *¤* ¤',
    '> ¤\n> \n> * ¤\n> * ¤ !s.png!',
    '{{collapse(¤)\n\n¤ _¤_\n\n* ¤\n\n}}',
    '|_. ¤|_. ¤|\n|{background:#ffeeee}. ¤|\\2=. ¤ !u.png!|\n|%{color:red}¤% ¤|¤|',
    '* ¤\n** ¤ +¤+\n*** ¤ "¤":https://example.org/x\n# ¤\n# ¤',
    '# ¤ <pre>\nrun ¤\n</pre>\n# ¤',
    '<pre><code class="ruby">\nputs ¤\n</code></pre>\n\np=. ¤ ABC(acronym) ¤',
    '<notextile><b>x</b></notextile> ¤ %{color:red}¤% ¤ [[Wiki|page]]',
    'h2(#id). ¤ ¤\n\n{{toc}}\n\n¤ attachment:log.txt',
    '¤ @¤@ ¤[1]\n\nfn1. ¤ ¤',
  ],
  html: [
    '<div class="panel panel-note" style="background-color:#ffeeaa" data-x="1"><p class="q">¤ <b>¤</b> ¤</p><ul style="list-style:square"><li class="c">¤</li><li>¤</li></ul></div>',
    '<blockquote cite="x"><div>¤<br>¤ &amp; ¤</div><div>¤</div></blockquote>',
    '<table border="1" style="width:50%"><tbody><tr style="height:3px"><td style="background:#eeeeee;width:9%">¤</td><td rowspan=2>¤ <img src="https://example.org/s.png" width=80></td></tr><tr><td>¤</td></tr></tbody></table>',
    '<details id="d"><summary class="s">¤</summary><div style="margin:1px">¤ <i>¤</i></div><pre class="z"><code class="language-js">let ¤;</code></pre></details>',
    '<ol start="3" class="l"><li id="a">¤<ul><li style="color:red">¤</li><li>¤</li></ul></li><li>¤ <a href="#" data-vss-mention="version:2.0,abc-1">@Bob</a> ¤</li></ol>',
    '<div style="display:flex"><div style="flex:1">¤</div><div style="flex:2"><p style="text-align:center">¤</p>¤</div></div>',
    '<h2 id="t" style="color:#333333">¤ <span style="color:#ff0000">¤</span></h2><hr class="r"><p>¤ <img src="https://example.org/v.png" style="float:right"></p>',
    '<table class="t"><thead><tr><th style="text-align:center">¤</th><th>¤</th></tr></thead><tr><td colspan="2"><ul><li>¤</li><li>¤</li></ul></td></tr></table>',
    '<ul class="tasks"><li><input type="checkbox" checked> ¤</li><li><input type="checkbox"> ¤ <code>¤</code></li></ul>',
  ],
};

const text = '{"type":"text","text":"¤"}';
const P = `{"type":"paragraph","content":[${text}]}`;
const BOLD = '{"type":"text","text":"¤","marks":[{"type":"strong"}]}';
const RICH = `{"type":"paragraph","content":[{"type":"text","text":"¤ "},${BOLD},{"type":"text","text":" ¤"}]}`;
const media = (id: string): string =>
  `{"type":"mediaSingle","attrs":{"layout":"align-start","width":40},"content":[{"type":"media","attrs":{"type":"file","id":"${id}","collection":"c","alt":"${id}.png"}}]}`;
const inlineMedia = (id: string): string =>
  `{"type":"mediaInline","attrs":{"type":"file","id":"${id}","collection":"c"}}`;
const list = (...items: string[]): string =>
  `{"type":"bulletList","content":[${items.map((item) => `{"type":"listItem","attrs":{"localId":"i"},"content":[${item}]}`).join(',')}]}`;
const cell = (attrs: string, ...content: string[]): string =>
  `{"type":"tableCell","attrs":${attrs},"content":[${content.join(',')}]}`;
const row = (...cells: string[]): string => `{"type":"tableRow","content":[${cells.join(',')}]}`;

const NODES: string[] = [
  `{"type":"panel","attrs":{"panelType":"custom","panelIcon":":rocket:","panelIconText":"r","panelColor":"#fedec8"},"content":[${RICH},${media('m-1')},${list(P, P)}]}`,
  `{"type":"expand","attrs":{"title":"¤"},"content":[${P},${media('m-2')},{"type":"codeBlock","attrs":{"language":"js","uniqueId":"u"},"content":[{"type":"text","text":"let ¤;"}]}]}`,
  `{"type":"blockquote","attrs":{"localId":"q"},"content":[${P},${media('m-3')},${P}]}`,
  list(
    `${P},${media('m-4')}`,
    `${P},${list(`${P},{"type":"mediaGroup","content":[{"type":"media","attrs":{"type":"file","id":"g-1","collection":"c"}}]}`, P)}`,
  ),
  `{"type":"table","attrs":{"layout":"wide","isNumberColumnEnabled":true},"content":[${row(cell('{"colwidth":[120],"background":"#deebff"}', P), cell('{"colspan":2}', P, media('m-5')))},${row(cell('{}', `{"type":"nestedExpand","attrs":{"title":"¤"},"content":[${P},${media('m-6')}]}`), cell('{"background":"#ffebe6"}', list(P, P)), cell('{}', RICH))}]}`,
  `{"type":"layoutSection","content":[{"type":"layoutColumn","attrs":{"width":33.3},"content":[${P},${media('m-7')}]},{"type":"layoutColumn","attrs":{"width":66.6},"content":[${list(P, P)},${P}]}]}`,
  `{"type":"bodiedExtension","attrs":{"extensionType":"x","extensionKey":"excerpt","parameters":{"a":{"value":"b"}}},"content":[${P},${RICH}]}`,
  `{"type":"decisionList","attrs":{"localId":"d0"},"content":[{"type":"decisionItem","attrs":{"localId":"d1","state":"DECIDED"},"content":[${text}]},{"type":"decisionItem","attrs":{"localId":"d2","state":"UNDECIDED"},"content":[${text}]}]}`,
  `{"type":"taskList","attrs":{"localId":"l"},"content":[{"type":"taskItem","attrs":{"localId":"k1","state":"DONE"},"content":[${text},${inlineMedia('n-1')}]},{"type":"taskItem","attrs":{"localId":"k2","state":"TODO"},"content":[${text}]}]}`,
  `{"type":"paragraph","content":[{"type":"text","text":"¤ "},{"type":"mention","attrs":{"id":"a-1","text":"@Ann"}},{"type":"text","text":" ¤ "},{"type":"status","attrs":{"text":"DONE","color":"green","localId":"s"}},{"type":"text","text":" ¤"},${inlineMedia('n-2')}]}`,
  `{"type":"panel","attrs":{"panelType":"warning"},"content":[${P},{"type":"rule"},{"type":"orderedList","attrs":{"order":4},"content":[{"type":"listItem","content":[${P},${media('m-8')}]}]}]}`,
];

/** How many containers a format has here. */
export const containersOf = (format: Markup): string[] => (format === 'adf' ? NODES : LINES[format]);

/** Numbers that look like chance, the same for the same seed. */
export function chance(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SYLLABLES = 'ka lo mi tu re sa vo ne di pu'.split(' ');

interface Made {
  target: RichText;
  /** each stands once in it */
  words: string[];
}

/** A document with a container between two paragraphs. */
export function documentWith(format: Markup, container: string, next: (below: number) => number): Made {
  const words: string[] = [];
  const word = (): string => {
    const made = `${SYLLABLES[next(10)]}${SYLLABLES[next(10)]}${SYLLABLES[next(10)]}`;
    const name = `${made}${String.fromCharCode(97 + (words.length % 26))}${String.fromCharCode(97 + Math.floor(words.length / 26))}x`;
    words.push(name);
    return name;
  };
  const fill = (source: string): string =>
    source.replace(/¤/g, () => Array.from({ length: 1 + next(3) }, word).join(' '));
  if (format === 'adf') {
    const content = fill(`[${P},${container},${P}]`);
    return { target: { format, content: `{"version":1,"type":"doc","content":${content}}` }, words };
  }
  const around = format === 'html' ? ['<p>¤ ¤</p>\n', '\n<p>¤</p>'] : ['¤ ¤\n\n', '\n\n¤'];
  return { target: { format, content: fill(`${around[0]}${container}${around[1]}`) }, words };
}

export type Kind = 'change' | 'add' | 'remove' | 'sign' | 'two' | 'paragraph' | 'both' | 'inside' | 'bold' | 'drop';
export const KINDS: Kind[] = ['change', 'add', 'remove', 'sign', 'two', 'paragraph', 'both', 'inside', 'bold', 'drop'];

export type Outcome = 'exact' | 'reshaped' | 'lost' | 'mediaLost';

export interface Edit {
  /** of the other side's text */
  apply(text: RichText): RichText | undefined;
  /** all of the target's texts that count as exact; undefined where only something was added */
  exact?: string[];
  /** something was taken out, or one line was edited */
  isLess?: boolean;
  isEdited?: boolean;
  word?: string;
  /** words that go, and words that come */
  gone: string[];
  come: string[];
}

const NEW = 'zuzuzu';

/** One edit of a kind, in the other side's text. */
export function editOf(
  kind: Kind,
  { target, words }: Made,
  other: Markup,
  next: (below: number) => number,
): Edit | undefined {
  const pick = (): string => words[next(words.length)] ?? '';
  const [one, two] = [pick(), pick()];
  const inText = (change: (content: string) => string) => (text: RichText) => {
    const content = change(text.content);
    return content === text.content ? undefined : { ...text, content };
  };
  const both = (change: (content: string) => string, gone: string[], come: string[]): Edit => ({
    apply: inText(change),
    exact: [change(target.content)],
    gone,
    come,
  });
  switch (kind) {
    case 'change':
      return both((content) => content.replace(one, NEW), [one], [NEW]);
    case 'add':
      return next(2) === 0
        ? both((content) => content.replace(one, `${one} ${NEW}`), [], [NEW])
        : both((content) => content.replace(one, `${NEW} ${one}`), [], [NEW]);
    case 'remove': {
      // of a word that stands beside another one: what is left is still a text
      const without = (content: string): string =>
        content.replace(new RegExp(`${one} (?=[a-z]+x\\b)|(?<=\\b[a-z]+x) ${one}`), '');
      return both(without, [one], []);
    }
    case 'sign':
      return both((content) => content.replace(one, `${one},`), [], []);
    case 'two':
      return both(
        (content) => content.replace(one, NEW).replace(two === one ? /$^/ : two, `${two} ${NEW}`),
        [one],
        [NEW],
      );
    case 'paragraph':
    case 'both': {
      const change = (content: string): string => (kind === 'both' ? content.replace(one, `${one} ${NEW}`) : content);
      const atEnd = next(2) === 0;
      const put = (format: Markup, content: string): string => {
        const made = format === 'adf' ? P.replace('¤', NEW) : format === 'html' ? `<p>${NEW}</p>` : NEW;
        if (format === 'adf')
          return atEnd ? content.replace(/\]\}$/, `,${made}]}`) : content.replace('"content":[', `"content":[${made},`);
        const glue = format === 'html' ? '\n' : '\n\n';
        return atEnd ? `${content}${glue}${made}` : `${made}${glue}${content}`;
      };
      return {
        apply: (text) => ({ ...text, content: put(other, change(text.content)) }),
        exact: [put(target.format as Markup, change(target.content))],
        gone: [],
        come: [NEW],
      };
    }
    case 'bold':
      return {
        apply: (text) => {
          const blocks = parse(text).children;
          return makeBold(blocks, one) ? render({ type: 'root', children: blocks }, text.format).text : undefined;
        },
        isEdited: true,
        word: one,
        gone: [],
        come: [],
      };
    case 'drop': {
      // what the other side doesn't show goes with the item in which it stands
      if (target.content.includes('mediaInline')) return undefined;
      const place = next(1000);
      const gone: string[] = [];
      return {
        apply: (text) => {
          const blocks = parse(text).children;
          const taken = drop(blocks, place, words);
          gone.splice(0, gone.length, ...(taken ?? []));
          return taken ? render({ type: 'root', children: blocks }, text.format).text : undefined;
        },
        isLess: true,
        gone,
        come: [],
      };
    }
    case 'inside': {
      const place = next(1000);
      return {
        apply: (text) => {
          const blocks = parse(text).children;
          return insertInside(blocks, place) ? render({ type: 'root', children: blocks }, text.format).text : undefined;
        },
        gone: [],
        come: [NEW],
      };
    }
  }
}

/** Makes a word bold. */
function makeBold(blocks: Block[], word: string): boolean {
  for (const block of blocks) {
    if (block.type === 'paragraph') {
      const at = block.children.findIndex((node) => node.type === 'text' && node.value.includes(word));
      const node = block.children[at];
      if (node?.type !== 'text') continue;
      const [head = '', tail = ''] = node.value.split(word);
      const made = [
        { type: 'text' as const, value: head },
        { type: 'strong' as const, children: [{ type: 'text' as const, value: word }] },
        { type: 'text' as const, value: tail },
      ];
      block.children.splice(at, 1, ...made.filter((one) => one.type !== 'text' || one.value !== ''));
      return true;
    }
    if (
      block.type === 'list'
        ? block.children.some(({ children }) => makeBold(children, word))
        : block.type === 'table'
          ? block.children.some((row) => row.children.some(({ children }) => makeBold(children, word)))
          : 'children' in block && block.type !== 'heading' && makeBold(block.children, word)
    )
      return true;
  }
  return false;
}

/** Takes an item, a row or an inner block out that has nothing but words. @returns the words that go with it */
function drop(blocks: Block[], place: number, words: readonly string[]): string[] | undefined {
  const places: (() => Block[])[] = [];
  const offer = <T>(list: T[], blocksOf: (one: T) => Block[]): void => {
    if (list.length < 2) return;
    list.forEach((one, at) => {
      const inner = partsOf(blocksOf(one));
      const isTitle = blocksOf(one).some(
        (block) => block.type === 'paragraph' && block.children.length === 1 && block.children[0]?.type === 'strong',
      );
      const isPlain =
        !isTitle &&
        inner.every(
          ({ text, fixed }) =>
            fixed === undefined && (text ?? '').split(/[^a-z]+/i).every((word) => word === '' || words.includes(word)),
        );
      if (isPlain && inner.some(({ text }) => text)) places.push(() => list.splice(at, 1).flatMap(blocksOf));
    });
  };
  const visit = (list: Block[]): void => {
    for (const block of list) {
      if (block.type === 'list') {
        offer(block.children, ({ children }) => children);
        for (const item of block.children) visit(item.children);
      } else if (block.type === 'table') {
        const isEven = block.children.every(({ children }) =>
          children.every(({ rowspan, colspan }) => !rowspan && !colspan),
        );
        if (isEven && block.children.length > 2)
          offer(block.children, (row) => row.children.flatMap(({ children }) => children));
      } else if (block.type === 'quote' || block.type === 'panel' || block.type === 'expand') {
        offer(block.children, (child) => [child]);
        visit(block.children);
      }
    }
  };
  visit(blocks);
  const gone = places[place % Math.max(1, places.length)]?.();
  return gone && partsOf(gone).flatMap(({ text }) => words.filter((word) => text?.includes(word)));
}

/** Puts an item, a row or a paragraph somewhere into a container. */
function insertInside(blocks: Block[], place: number): boolean {
  const added = (): Block => ({ type: 'paragraph', children: [{ type: 'text', value: NEW }] });
  const places: (() => void)[] = [];
  const visit = (list: Block[]): void => {
    for (const block of list) {
      if (block.type === 'list') {
        for (let at = 0; at <= block.children.length; at++)
          places.push(() => {
            const like = block.children[Math.max(0, at - 1)];
            block.children.splice(at, 0, {
              type: 'listItem',
              ...(like?.checked === undefined ? {} : { checked: false }),
              children: [added()],
            });
          });
        for (const item of block.children) visit(item.children);
      } else if (block.type === 'table') {
        for (let at = 1; at <= block.children.length; at++)
          places.push(() => {
            const like = block.children[at - 1];
            const cells = (like?.children ?? []).map((_, index) => ({
              type: 'tableCell' as const,
              children: index === 0 ? [added()] : [],
            }));
            if (like?.children.every(({ colspan, rowspan }) => !colspan && !rowspan))
              block.children.splice(at, 0, { type: 'tableRow', children: cells });
          });
      } else if (block.type === 'quote' || block.type === 'panel' || block.type === 'expand') {
        for (let at = 0; at <= block.children.length; at++) places.push(() => block.children.splice(at, 0, added()));
        visit(block.children);
      }
    }
  };
  visit(blocks);
  const before = JSON.stringify(blocks);
  places[place % Math.max(1, places.length)]?.();
  return JSON.stringify(blocks) !== before;
}

/** What must not go: pictures, mentions, attachments … as they are written. */
const MEDIA = /"id":"[a-z]-\d"|\b[a-z]\.png|log\.txt|\[~bob\]|abc-1/g;

const count = (list: Iterable<string>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
};

/** True where everything in `one` is as often in `all`, at least. */
function within(one: Iterable<string>, all: Iterable<string>): boolean {
  const there = count(all);
  return [...count(one)].every(([key, times]) => (there.get(key) ?? 0) >= times);
}

/** The containers of a text, as they are seen. */
const shapes = (text: RichText): string[] =>
  partsOf(parse(text).children)
    .map(({ shape }) => shape)
    .filter((shape) => /^(?:panel|quote|expand|table|list|item|row|cell|vendor|code)/.test(shape));

/** The smallest things of a text that an edit elsewhere leaves alone: tags, nodes, lines. */
function grains({ format, content }: RichText): string[] {
  if (format === 'html') return content.match(/<[^>]*>/g) ?? [];
  if (format !== 'adf') return content.split('\n').map((line) => line.trim());
  const found: string[] = [];
  JSON.parse(content, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('type' in value)) return value;
    found.push(JSON.stringify({ ...value, content: 0 }));
    return value;
  });
  return found;
}

/** What becomes of a document by an edit of the other side; undefined where the other side doesn't show the place. */
export function outcomeOf(made: Made, edit: Edit, other: Markup): { outcome: Outcome; result: string } | undefined {
  const { target } = made;
  const before = convert(target, other).text;
  const after = edit.apply(before);
  if (!after) return undefined;
  const { text } = mergeRichText({ target, before, after });
  const result = text.content;
  const isThere = (word: string): boolean => result.includes(word);
  if (!within(target.content.match(MEDIA) ?? [], result.match(MEDIA) ?? [])) return { outcome: 'mediaLost', result };
  const words = made.words.filter((word) => !edit.gone.includes(word));
  if (!words.every(isThere) || !edit.come.every(isThere) || edit.gone.some((word) => words.length > 0 && isThere(word)))
    return { outcome: 'lost', result };
  const [was, is] = edit.isLess ? [shapes(text), shapes(target)] : [shapes(target), shapes(text)];
  // a list that the other side shows as lines becomes lines where one of these gets another look
  if (!within(was, is)) return { outcome: edit.isEdited ? 'reshaped' : 'lost', result };
  if (edit.exact) return { outcome: edit.exact.includes(result) ? 'exact' : 'reshaped', result };
  const [old, now] = [grains(target), grains(text)];
  const isTouched = (grain: string): boolean => edit.isEdited === true && grain.includes(edit.word ?? '');
  const isExact = edit.isLess
    ? within(now, old)
    : within(
        old.filter((grain) => !isTouched(grain)),
        now,
      );
  return { outcome: isExact ? 'exact' : 'reshaped', result };
}

export type Tally = Record<Outcome, number>;

/** How often each kind is made in each container, for each pair. */
const TIMES: Record<Kind, number> = {
  change: 4,
  add: 3,
  remove: 2,
  sign: 1,
  two: 1,
  paragraph: 1,
  both: 1,
  inside: 2,
  bold: 1,
  drop: 1,
};

/** All edits of one pair. */
export function tallyOf(from: Markup, to: Markup): { tally: Tally; failures: string[] } {
  const tally: Tally = { exact: 0, reshaped: 0, lost: 0, mediaLost: 0 };
  const failures: string[] = [];
  containersOf(to).forEach((container, index) => {
    KINDS.forEach((kind, place) => {
      for (let time = 0; time < TIMES[kind]; time++) {
        const next = chance(index * 1000 + place * 10 + time + MARKUPS.indexOf(from) * 100_000);
        const made = documentWith(to, container, next);
        const edit = editOf(kind, made, from, next);
        const one = edit && outcomeOf(made, edit, from);
        if (!one) continue;
        tally[one.outcome] += 1;
        if (one.outcome === 'lost' || one.outcome === 'mediaLost')
          failures.push(`${kind} from ${from}:\n${made.target.content}\nbecame\n${one.result}`);
      }
    });
  });
  return { tally, failures };
}

/** Every pair of two different markups. */
export const EDIT_PAIRS: [Markup, Markup][] = MARKUPS.flatMap((from) =>
  MARKUPS.filter((to) => to !== from).map((to): [Markup, Markup] => [from, to]),
);
