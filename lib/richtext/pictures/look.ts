/**
 * A picture in a text apart from what it shows: size, place, alternative text, and the link around it. Of a picture that is moved to
 * another system, all of that stays, and only the address changes.
 */

import type { Dialect, RichText, RichTextFormat } from '../../model/values';
import type { Image, Inline, Tree } from '../tree';

/** A picture within a text. */
export interface ShownPicture {
  /** as the text writes it; of a file of Jira Cloud `media:` and its id */
  url: string;
  look: Look;
}

export type Look = Omit<Image, 'type' | 'url'> & {
  /** where a click leads */
  link?: string;
};

/** Address of a file of Jira Cloud, which has no URL in texts. */
export const MEDIA = 'media:';

/**
 * What tells pictures of one system apart. Azure DevOps has several URLs for one file.
 * @param url as a text writes it
 */
export function pictureId(url: string): string {
  const guid = /\/_apis\/wit\/attachments\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?![\w-])/i.exec(url)?.[1];
  return `picture:${guid ?? url}`;
}

export const isPicture = (id: string): boolean => id.startsWith('picture:');

/** The only picture of a tree that has nothing else. */
export function onlyPicture({ children }: Tree): ShownPicture | undefined {
  const [block, ...more] = children;
  if (block?.type !== 'paragraph' || more.length > 0 || block.children.length !== 1) return undefined;
  const [inline] = block.children;
  const image = inline?.type === 'link' && inline.children.length === 1 ? inline.children[0] : inline;
  if (image?.type !== 'image') return undefined;
  const { type: _type, url, ...look } = image;
  return { url, look: inline?.type === 'link' ? { ...look, link: inline.url } : look };
}

/** The pictures of a tree, by their addresses. */
export function picturesIn(tree: Tree): Set<string> {
  const found = new Set<string>();
  const visit = (node: object): void => {
    if ('type' in node && node.type === 'image' && 'url' in node && typeof node.url === 'string') found.add(node.url);
    if ('children' in node && Array.isArray(node.children)) for (const child of node.children) visit(child);
  };
  visit(tree);
  return found;
}

type Render = (tree: Tree, into: { format: RichTextFormat; dialect?: Dialect | undefined }) => string;

/** A picture in a markup. @param address as the texts of its system write it */
export function pictureIn(
  into: Pick<RichText, 'format' | 'dialect'>,
  { url, look }: ShownPicture,
  render: Render,
): string | undefined {
  if (into.format === 'text') return undefined;
  if (url.startsWith(MEDIA)) return into.format === 'adf' ? mediaOf(url.slice(MEDIA.length), look) : undefined;
  const { link, ...own } = look;
  // a bar would end a table's cell
  const plain = (words: string | undefined): string | undefined => words?.replace(/[|\s]+/g, ' ').trim();
  const [alt, title] = [plain(own.alt), plain(own.title)];
  const { alt: _alt, title: _title, ...rest } = own;
  const image: Image = { type: 'image', url, ...rest, ...(alt && { alt }), ...(title && { title }) };
  return inlineIn(into, link === undefined ? image : { type: 'link', url: link, children: [image] }, render);
}

/** Something within a paragraph, in a markup; of ADF its only node. */
export function inlineIn(into: Pick<RichText, 'format' | 'dialect'>, node: Inline, render: Render): string | undefined {
  const content = render({ type: 'root', children: [{ type: 'paragraph', children: [node] }] }, into).trim();
  switch (into.format) {
    case 'html':
      return /^<p>(.*)<\/p>$/s.exec(content)?.[1];
    case 'adf': {
      const { content: blocks = [] } = JSON.parse(content) as { content?: { type: string; content?: object[] }[] };
      const [block] = blocks;
      const only = block?.type === 'paragraph' ? block.content?.[0] : block;
      return only && JSON.stringify(only);
    }
    default:
      return content;
  }
}

function mediaOf(id: string, { alt, width, align, link }: Look): string {
  const layout = align === 'left' ? 'wrap-left' : align === 'right' ? 'wrap-right' : 'center';
  const percent = typeof width === 'string' ? Number.parseFloat(width) : Number.NaN;
  const size =
    typeof width === 'number' ? { width, widthType: 'pixel' } : percent > 0 ? { width: Math.min(percent, 100) } : {};
  const media = {
    type: 'media',
    attrs: { type: 'file', id, collection: '', ...(alt && { alt }) },
    ...(link !== undefined && { marks: [{ type: 'link', attrs: { href: link } }] }),
  };
  return JSON.stringify({ type: 'mediaSingle', attrs: { layout, ...size }, content: [media] });
}
