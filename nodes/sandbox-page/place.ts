/** URLs within the sandbox's page, so that items can be linked to. */

/** The forms of the URL's fragment: `#space`, `#space/id`, `#space/id/comment`, `#space/new/project/type`. */
export interface Place {
  space: string;
  id?: string;
  /** a comment of that item */
  part?: string;
  draft?: { project: string; type: string };
}

export function hashOf({ space, id, part, draft }: Place): string {
  const within = [id, part].filter((one) => one !== undefined);
  const parts = draft ? [space, 'new', draft.project, draft.type] : [space, ...within];
  return `#${parts.map(encodeURIComponent).join('/')}`;
}

/** @returns undefined for a URL without a sandbox */
export function placeOf(hash: string): Place | undefined {
  let parts: string[];
  try {
    parts = hash.replace(/^#/, '').split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const [space = '', id, project, type] = parts;
  if (space === '') return undefined;
  if (id === 'new' && project !== undefined && type !== undefined) return { space, draft: { project, type } };
  if (!id) return { space };
  return id !== 'new' && project ? { space, id, part: project } : { space, id };
}
