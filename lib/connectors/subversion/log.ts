/** What `svn log --xml -v` and `svn info --xml` say. Both are written by Subversion itself, one element after the other; texts are somebody's data. */

const MOST_PATHS = 1_000;
const MOST_MESSAGE = 256 * 1024;

export interface ChangedPath {
  /** A, M, D, R */
  action: string;
  /** from the root of the repository: `/trunk/a.txt` */
  path: string;
  copiedFrom?: { path: string; revision: number };
}

export interface Revision {
  number: number;
  author?: string;
  /** ISO 8601; undefined: it has been removed, or the account may not see any of its paths */
  at?: string;
  message: string;
  /** at most 1,000 */
  paths: ChangedPath[];
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Without entities; characters that are none are left out. */
export const plain = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (_all, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? '';
      const code = Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10);
      return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : '';
    },
  );

const attribute = (attributes: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`).exec(attributes)?.[1];
  return found === undefined ? undefined : plain(found);
};

const content = (xml: string, element: string): string | undefined => {
  const found = new RegExp(`<${element}(?:\\s[^<>]*)?>([^<]*)</${element}>`).exec(xml)?.[1];
  return found === undefined ? undefined : plain(found);
};

/** @returns ISO 8601 in UTC with milliseconds */
function timeOf(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Revisions in the order of the log. */
export function revisionsIn(xml: string): Revision[] {
  const found: Revision[] = [];
  for (let at = xml.indexOf('<logentry'); at !== -1; at = xml.indexOf('<logentry', at + 1)) {
    const end = xml.indexOf('</logentry>', at);
    if (end === -1) break;
    const entry = xml.slice(at, end);
    const number = Number(attribute(entry.slice(0, entry.indexOf('>')), 'revision'));
    if (!Number.isInteger(number)) continue;
    const [author, time] = [content(entry, 'author'), timeOf(content(entry, 'date'))];
    found.push({
      ...{ number, message: (content(entry, 'msg') ?? '').slice(0, MOST_MESSAGE), paths: pathsIn(entry) },
      ...(author !== undefined && { author }),
      ...(time !== undefined && { at: time }),
    });
  }
  return found;
}

function pathsIn(entry: string): ChangedPath[] {
  const paths: ChangedPath[] = [];
  for (const [, attributes = '', path = ''] of entry.matchAll(/<path((?:\s[^<>]*)?)>([^<]*)<\/path>/g)) {
    const [from, revision] = [attribute(attributes, 'copyfrom-path'), Number(attribute(attributes, 'copyfrom-rev'))];
    paths.push({
      ...{ action: attribute(attributes, 'action') ?? '', path: plain(path) },
      ...(from !== undefined && Number.isInteger(revision) && { copiedFrom: { path: from, revision } }),
    });
    if (paths.length >= MOST_PATHS) break;
  }
  return paths;
}

export interface Info {
  uuid: string;
  /** the newest revision of the repository */
  head: number;
  /** where the address lies in the repository: '' or `/project` */
  folder: string;
}

/** undefined if it says something else. */
export function infoIn(xml: string): Info | undefined {
  const [uuid, relative] = [content(xml, 'uuid'), content(xml, 'relative-url')];
  const entry = /<entry\b([^<>]*)>/.exec(xml)?.[1] ?? '';
  const head = Number(attribute(entry, 'revision'));
  if (!uuid || relative === undefined || !Number.isInteger(head)) return undefined;
  return { uuid, head, folder: decodedPath(relative.replace(/^\^/, '').replace(/\/+$/, '')) };
}

/** Names in a folder, as `svn list --xml` has them. */
export const foldersIn = (xml: string): string[] =>
  [...xml.matchAll(/<entry\b[^<>]*kind="dir"[^<>]*>\s*<name>([^<]*)<\/name>/g)].map(([, name = '']) => plain(name));

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
