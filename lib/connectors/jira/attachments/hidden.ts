/**
 * Files of comments that not everybody sees. Jira hides them with their comment
 * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/), and does not say of a file which comment it
 * belongs to. The comment's text does: by the file's name or id. Where it names none of the files, those that its author has added
 * just before are meant. Pure.
 */

import { isJson, type Json, textOf } from '../../kit/json';
import { seenBy } from '../comments/shape';
import type { Owner } from '../owners';
import { userOf } from '../people';
import { millisecondsOf } from '../shapes';
import type { RawFile } from './shape';

/** A file may be there for so long before its comment is sent. */
const BEFORE_MS = 3_600_000;
const AFTER_MS = 60_000;

/** What a text says of files. */
interface Named {
  /** file names, or what stands in their place */
  names: string[];
  /** ids of attachments */
  ids: string[];
  /** files that it shows without a name */
  nameless: boolean;
}

const ADDRESS = /\/(?:attachment\/content|secure\/(?:attachment|thumbnail))\/(\d{1,18})/g;
/** `!name.png|width=300!` */
const PICTURE = /!([^!|\n]{1,300})(?:\|[^!\n]{0,300})?!/g;
/** `[^name.txt]`, `[words|^name.txt]` */
const FILE = /\[(?:[^\]|\n]{0,300}\|)?\^([^\]\n]{1,300})\]/g;

function namedIn(body: unknown): Named {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  const found: Named = { names: [], ids: [...text.matchAll(ADDRESS)].map(([, id = '']) => id), nameless: false };
  if (typeof body === 'string')
    for (const pattern of [PICTURE, FILE])
      for (const [, name = ''] of text.matchAll(pattern)) found.names.push(name.trim());
  else collect(body, found);
  return found;
}

/** In a document. It may be nested deeply. */
function collect(body: unknown, found: Named): void {
  const waiting: unknown[] = [body];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!isJson(node)) continue;
    if (node.type === 'media' || node.type === 'mediaInline') {
      const { alt, type } = isJson(node.attrs) ? node.attrs : {};
      const name = textOf(alt);
      if (name !== undefined) found.names.push(name);
      else if (type !== 'external') found.nameless = true;
    }
    if (Array.isArray(node.content)) for (const one of node.content) waiting.push(one);
  }
}

/** Ids of the files that belong to comments which not everybody sees. @param comments all of the issue's */
export function hiddenFiles(files: readonly RawFile[], comments: readonly Json[], owner: Owner): Set<string> {
  const hidden = new Set<string>();
  if (files.length === 0) return hidden;
  for (const comment of comments) {
    if (seenBy(comment, owner) === 'public') continue;
    const { names, ids, nameless } = namedIn(comment.body);
    for (const { id, name } of files) if (ids.includes(id) || names.includes(name)) hidden.add(id);
    // a picture may have been given other words than its name
    const isUnclear = nameless || names.some((one) => !files.some(({ name }) => name === one));
    if (!isUnclear) continue;
    const [author, at] = [userOf(comment.author)?.id, millisecondsOf(comment.created)];
    for (const { id, author: by, createdAt } of files) {
      const before = at - Date.parse(createdAt);
      if (author !== undefined && by?.id === author && before < BEFORE_MS && before > -AFTER_MS) hidden.add(id);
    }
  }
  return hidden;
}
