/** What people do in a system of the chaos run, and what the comparison sees of it. */

import type { FieldChoice } from '../../lib/model/config';
import type { FlowNode } from '../support/node-red';

/** One text that only the first system edits, one that only the second does, and a list that all do. */
export const ROLES = ['title', 'external', 'priority'] as const;
export type Role = (typeof ROLES)[number];

/** A comment, or an attachment. */
export interface Part {
  id: string;
  /** a comment's text as the system stores it, a file's name */
  text: string;
}

export interface Item {
  id: string;
  values: Record<Role, string>;
  comments: Part[];
  files: (Part & { digest: string })[];
}

/** What the flow says of a kind of system. */
export interface Kind {
  project: { id: string; name: string };
  type: { id: string; name: string };
  fields: Record<Role, FieldChoice>;
  /** as many in each system of a run: those at the same place are equal */
  priorities: readonly string[];
  hasFiles: boolean;
  renamesFiles: boolean;
  /** comments can be internal */
  isDiscreet: boolean;
}

export interface Tracker {
  readonly kind: Kind;
  /** saved properties of its system node */
  readonly node: Partial<FlowNode>;
  /** @returns the item's id */
  create(title: string): Promise<string>;
  edit(id: string, role: Role, value: string): Promise<void>;
  comment(item: string, text: string, isInternal: boolean): Promise<void>;
  /** @param isPublic everybody may see it from now on */
  /** @param text all of it, as the system stores it */
  editComment(id: string, text: string, isPublic?: boolean): Promise<void>;
  attach(item: string, name: string, bytes: Buffer): Promise<void>;
  rename(file: string, name: string): Promise<void>;
  /** a comment, or a file */
  remove(part: string): Promise<void>;
  /** ids of all items, those that Twinflow has created included */
  ids(): Promise<string[]>;
  /** in the order in which the system shows them */
  parts(item: string): Promise<Pick<Item, 'comments' | 'files'>>;
  all(): Promise<Item[]>;
  /** differs after every write */
  state(): Promise<string>;
  stop(): Promise<void>;
}
