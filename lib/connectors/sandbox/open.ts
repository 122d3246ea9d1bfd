/** Opens a space of the sandbox, and creates it from its template if it does not exist yet. */

import { randomUUID } from 'node:crypto';
import { SyncError } from '../../model/errors';
import { guarded, type Lease, lease } from './database';
import { SandboxSpace } from './space';
import type { SpaceRow } from './statements';
import { type SandboxTemplate, withLater } from './template';
import { templates } from './templates';

export interface SpaceOptions {
  /** SQLite file; if absent, in memory and shared within the process */
  file?: string;
  space: string;
  /** for a space that does not exist yet: the name of a template, or a custom template */
  template?: string | SandboxTemplate;
  /** path below which the page is served; by default `/` */
  pageRoot?: string;
}

export interface SpaceSummary {
  name: string;
  template: string;
  label: string;
  revision: number;
}

/** Opens a space, creating it from its template if it does not exist. @throws SyncError invalid, fatal */
export function openSandbox(options: SpaceOptions): SandboxSpace {
  const name = options.space.trim();
  if (name === '' || name.length > 100) {
    throw new SyncError('invalid', 'A sandbox needs a name of 1 to 100 characters.', {
      fields: { space: 'is required' },
    });
  }
  const held = lease(options.file);
  try {
    const { database } = held;
    const row = guarded(() => database.statements.spaceNamed(name)) ?? createSpace(held, name, options.template);
    return new SandboxSpace(held, upToDate(held, row), options.pageRoot);
  } catch (error) {
    held.release();
    throw error;
  }
}

/** The spaces in a file, by name. @throws SyncError */
export function listSandboxes(file?: string): SpaceSummary[] {
  const held = lease(file);
  try {
    return guarded(() => held.database.statements.allSpaces()).map((row) => {
      const template = JSON.parse(row.template) as SandboxTemplate;
      return { name: row.name, template: template.name, label: template.label, revision: row.revision };
    });
  } finally {
    held.release();
  }
}

/** Adds the part types that its template has gained since to an older space. */
function upToDate(held: Lease, row: SpaceRow): SpaceRow {
  const complete = (json: string) => {
    const stored = JSON.parse(json) as SandboxTemplate;
    return withLater(stored, templates.get(stored.name));
  };
  if (complete(row.template) === undefined) return row;
  return held.database.write(() => {
    const { statements } = held.database;
    const now = statements.space(row.id) ?? row;
    const completed = complete(now.template);
    if (completed === undefined) return now;
    const template = JSON.stringify(completed);
    statements.replaceTemplate(row.id, template);
    return { ...now, template };
  });
}

function createSpace(held: Lease, name: string, wanted: string | SandboxTemplate | undefined): SpaceRow {
  const template = typeof wanted === 'object' ? wanted : templates.get(wanted ?? '');
  if (!template) {
    const known = [...templates.keys()].join(', ');
    throw new SyncError('invalid', `The sandbox "${name}" does not exist yet and needs a template: ${known}.`, {
      fields: { template: `must be one of: ${known}` },
    });
  }
  return held.database.write(() => {
    const { statements } = held.database;
    // another process may have been faster
    if (!statements.spaceNamed(name)) {
      statements.addSpace(name, randomUUID(), JSON.stringify(template), (template.firstId ?? 1) - 1);
    }
    const row = statements.spaceNamed(name);
    if (!row) throw new SyncError('fatal', `The sandbox "${name}" could not be created.`);
    return row;
  });
}
