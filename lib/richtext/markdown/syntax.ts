/**
 * GitHub's extensions of CommonMark, without those that a text cannot contain: looking for email addresses at each word
 * and for tables at each line takes half of the reading time.
 */

import { gfm } from 'micromark-extension-gfm';

/** What a text must contain for an extension to apply. */
const SIGNS: Record<string, string> = {
  emailAutolink: '@',
  table: '|',
  strikethrough: '~',
  gfmFootnoteDefinition: '[^',
  gfmPotentialFootnoteCall: '[^',
  gfmFootnoteCall: '[^',
};

type Extension = ReturnType<typeof gfm>;

const made = new Map<string, Extension>();

/** The extensions that a text needs. */
export function syntaxOf(source: string): Extension {
  const left = Object.entries(SIGNS)
    .filter(([, sign]) => !source.includes(sign))
    .map(([name]) => name);
  const key = left.join();
  let extension = made.get(key);
  if (!extension) {
    extension = without(gfm(), new Set(left));
    made.set(key, extension);
  }
  return extension;
}

function without(extension: Extension, names: ReadonlySet<string>): Extension {
  const { document, flow, text } = extension;
  return {
    ...extension,
    document: filtered(document, names),
    flow: filtered(flow, names),
    text: filtered(text, names),
  };
}

type Constructs = NonNullable<Extension['text']>;

function filtered(record: Constructs | undefined, names: ReadonlySet<string>): Constructs {
  const result: Constructs = {};
  for (const [code, constructs] of Object.entries(record ?? {})) {
    const list = [constructs ?? []].flat().filter(({ name }) => name === undefined || !names.has(name));
    if (list.length > 0) Object.assign(result, { [code]: list });
  }
  return result;
}
