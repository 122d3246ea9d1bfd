/** What the site keeps of an issue. */

import type { StoredFile } from '../files';

export type Json = Record<string, unknown>;

export interface TimeTracking {
  original?: number;
  remaining?: number;
}

export interface Cascade {
  parent: string;
  child?: string;
}

export type Stored = null | string | number | string[] | number[] | Json | TimeTracking | Cascade;

/** What reading and writing a field's value asks the site for. */
export interface SiteView {
  readonly isCloud: boolean;
  readonly timeZone: string;
  readonly url: string;
  keyOf(issue: Issue): string;
  find(idOrKey: string): Issue | undefined;
  /** @throws Refused */
  parentFor(json: unknown, issue: Issue): string;
}

export interface LogEntry {
  id: string;
  at: number;
  by: string;
  items: Json[];
}

export interface Issue {
  id: string;
  number: number;
  project: string;
  type: string;
  status: string;
  created: number;
  updated: number;
  resolved: number | undefined;
  creator: string;
  values: Record<string, Stored>;
  properties: Record<string, unknown>;
  remoteLinks: RemoteIssueLink[];
  comments: Comment[];
  attachments: Attachment[];
  log: LogEntry[];
}

export interface RemoteIssueLink {
  id: number;
  globalId: string | undefined;
  object: Json;
}

export interface Comment {
  id: string;
  by: string;
  at: number;
  updatedBy: string;
  updated: number;
  /** a document on Cloud, wiki markup on Data Center */
  body: Json | string;
  /** who sees it, where that is not everybody: as the request had it */
  visibility: Visibility | undefined;
  properties: Record<string, unknown>;
}

export interface Attachment {
  id: string;
  by: string;
  at: number;
  name: string;
  mediaType: string;
  stored: StoredFile;
}

export interface Visibility {
  type: 'group' | 'role';
  value: string;
}

export interface LinkType {
  id: string;
  name: string;
  inward: string;
  outward: string;
}

export interface IssueLink {
  id: string;
  type: string;
  /** ids; the one that shows the outward words, and the other one */
  from: string;
  to: string;
}
