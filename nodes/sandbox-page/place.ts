/** Addresses within the sandbox's page, so that an entity can be linked to. */

/** What the address names: `#space`, `#space/id`, `#space/new/project/type`. */
export interface Place {
  space: string;
  id?: string;
  draft?: { project: string; type: string };
}

export function hashOf({ space, id, draft }: Place): string {
  const parts = draft ? [space, 'new', draft.project, draft.type] : id === undefined ? [space] : [space, id];
  return `#${parts.map(encodeURIComponent).join('/')}`;
}

/** @returns undefined for an address that names no sandbox */
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
  return id ? { space, id } : { space };
}
