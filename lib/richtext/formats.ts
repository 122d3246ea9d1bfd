/** The table of formats. A format's code is loaded at its first use, because most installations use only two
 * formats. */

import type { Dialect, RichTextFormat } from '../model/values';
import type { Losses } from './losses';
import { parseText, renderText } from './text';
import type { Tree } from './tree';

export interface Format {
  /** may throw if the text is nested too deeply */
  parse(source: string, dialect: Dialect): Tree;
  render(tree: Tree, losses: Losses, dialect: Dialect): string;
}

const text: Format = { parse: parseText, render: renderText };

const load: Record<RichTextFormat, () => Format> = {
  text: () => text,
  html: () => {
    const { parseHtml } = require('./html/parse') as typeof import('./html/parse');
    const { renderHtml } = require('./html/render') as typeof import('./html/render');
    return { parse: (source) => parseHtml(source), render: renderHtml };
  },
  markdown: () => {
    const { parseMarkdown } = require('./markdown/parse') as typeof import('./markdown/parse');
    const { renderMarkdown } = require('./markdown/render') as typeof import('./markdown/render');
    return { parse: parseMarkdown, render: renderMarkdown };
  },
  textile: () => {
    const { parseTextile } = require('./textile/parse') as typeof import('./textile/parse');
    const { renderTextile } = require('./textile/render') as typeof import('./textile/render');
    return { parse: parseTextile, render: renderTextile };
  },
  'jira-wiki': () => {
    const { parseJira } = require('./jira/parse') as typeof import('./jira/parse');
    const { renderJira } = require('./jira/render') as typeof import('./jira/render');
    return { parse: parseJira, render: renderJira };
  },
  adf: () => {
    const { parseAdf } = require('./adf/parse') as typeof import('./adf/parse');
    const { renderAdf } = require('./adf/render') as typeof import('./adf/render');
    return { parse: parseAdf, render: renderAdf };
  },
};

const loaded = new Map<RichTextFormat, Format>();

/** The reader and writer of a format. */
export function formatOf(format: RichTextFormat): Format {
  let found = loaded.get(format);
  if (!found) {
    found = load[format]();
    loaded.set(format, found);
  }
  return found;
}
