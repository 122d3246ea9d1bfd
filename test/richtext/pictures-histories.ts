/**
 * Random texts with pictures, mentions and links, on their way between two sides: A → B, the copies of the pictures come, an edit
 * on B, B → A. Each side calls the same pictures by names of its own.
 */

import { encodedName } from '../../lib/connectors/kit/pictures';
import type { RichText } from '../../lib/model/values';
import { type Form, parse, pictureLink, pictureName, render, withMentions } from '../../lib/richtext';
import { scan } from '../../lib/richtext/mentioned/scan';
import { type Look, pictureId, pictureIn } from '../../lib/richtext/pictures';
import { FORMATS, formsOf, type History, type Outcome, random, textOf } from './mentions-histories';

const FILES = ['shot.png', 'big shot (1).png', 'Übersicht_x.png', 'a-b.c.jpg'];
const LOOKS: Look[] = [{}, {}, { width: 300 }, { alt: 'An overview' }, { alt: 'x.png', width: 40 }];

type Side = 'A' | 'B';

const kindOf = (kind: string): (typeof FORMATS)[string] => FORMATS[kind] as (typeof FORMATS)[string];
const into = (kind: string): Pick<RichText, 'format' | 'dialect'> => {
  const { format, dialect } = kindOf(kind);
  return { format, ...(dialect && { dialect }) };
};

/** Where a side's texts find a picture. */
function addressOf(kind: string, file: number, side: Side): string {
  const { format, dialect } = kindOf(kind);
  const guid = `${side === 'A' ? 'a' : 'b'}${file}000000-9999-4222-8333-444455556666`;
  const name = side === 'A' ? (FILES[file] ?? '') : (FILES[file] ?? '').replace('.', '-1a2b.');
  if (format === 'adf') return `media:${guid}`;
  if (format === 'html' || dialect?.plainTags)
    return `https://${side}.example.org/_apis/wit/attachments/${guid}?fileName=${encodedName(name)}`;
  return encodedName(name);
}

const nameOf = (kind: string, file: number, side: Side): string => {
  const name = pictureName(into(kind), addressOf(kind, file, side));
  if (name === undefined) throw new Error(`${kind} does not show ${FILES[file]}`);
  return name.toLowerCase();
};

const written: Parameters<typeof pictureIn>[2] = (tree, { format, dialect }) =>
  render(tree, format, dialect ? { into: dialect } : {}).text.content;

export interface PictureHistory extends History {
  pictures: number;
}

/** A text of side A. */
export function pictured(kind: string, next: (below: number) => number): PictureHistory {
  let pictures = 0;
  const made = textOf(kind, next, () => {
    pictures += 1;
    const look = LOOKS[next(LOOKS.length)] ?? {};
    return pictureIn(into(kind), { url: addressOf(kind, next(FILES.length), 'A'), look }, written);
  });
  return { ...made, pictures };
}

/** How the other side shows the pictures of one side. @param isThere its copy has come */
function pictureForms(from: string, to: string, side: Side, isThere: (file: number) => boolean): Record<string, Form> {
  const other = side === 'A' ? 'B' : 'A';
  return Object.fromEntries(
    FILES.map((name, file): [string, Form] => {
      const link = pictureLink(into(to), name, `https://${side}.example.org/item/1#${file}`);
      const picture = addressOf(to, file, other);
      const own = pictureName(into(to), picture);
      return [
        nameOf(from, file, side),
        isThere(file)
          ? { name, picture, ...(own !== undefined && { own }), ...(link && { meanwhile: link.own }) }
          : { name, ...link },
      ];
    }),
  );
}

/** What a text shows, in order: pictures by their numbers and looks. @param withLooks false: numbers only */
export function shownIn(text: RichText, kind: string, side: Side, withLooks = true): string[] {
  const files = new Map(FILES.map((_, file) => [nameOf(kind, file, side), file]));
  const found = scan(
    text,
    [],
    (id) => files.has(id.toLowerCase()),
    (one) => parse(one),
  );
  return (found?.occurrences ?? []).map((one) => {
    const file = files.get(one.id?.toLowerCase() ?? '') ?? one.id;
    return withLooks ? `${file} ${one.look}` : `${file}`;
  });
}

export interface Pictured extends Outcome {
  /** B's text before the copies of the pictures came */
  early: RichText;
}

/** @param early whether the copy of a picture is there at the first time @param late whether it comes later */
export function pictureHistory(
  from: string,
  to: string,
  { a }: History,
  early: (file: number) => boolean,
  late: (file: number) => boolean,
  edit: (content: string) => string,
): Pictured {
  const systems = { source: 'A', target: 'B' };
  const people = formsOf(from, to, 'A', 'native');
  const first = withMentions({
    ...{ source: { now: a }, into: into(to), systems },
    forms: { ...people, ...pictureForms(from, to, 'A', early) },
  });
  const sent: RichText = first?.text ?? render(parse(a), into(to).format, { into: into(to).dialect }).text;
  const one = { ...a, standIns: first?.source };
  const second = withMentions({
    ...{ source: { base: one, now: a }, target: sent, into: into(to), systems },
    forms: { ...people, ...pictureForms(from, to, 'A', late) },
  });
  const b = second?.text ?? sent;
  const edited = { ...b, standIns: undefined, content: edit(b.content) };
  const again = withMentions({
    source: { base: b, now: edited },
    target: { ...a, standIns: second?.source ?? one.standIns },
    into: into(from),
    systems: { source: 'B', target: 'A' },
    forms: { ...formsOf(to, from, 'B', 'native'), ...pictureForms(to, from, 'B', late) },
  });
  return { early: sent, b, edited, back: again?.text ?? { ...a, content: '(not translated)' } };
}

export { FORMATS, pictureId, random };
