/** The page's requests to Node-RED, and the shapes of the answers. In the browser. */

import type { Revision } from '../../lib/connectors/connector';
import type { Entity, Field } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import type { Tree } from '../../lib/richtext/tree';
import { Fault, type FaultTexts, request } from '../shared/page/ask';

export { Fault };

export type FormField = Field & { initial: Value };
export type Named = { id: string; name: string };

export interface SpaceInfo {
  name: string;
  label: string;
  people: (Named & { login: string })[];
  projects: Named[];
  types: Named[];
}

/** The comments of an item, and the data for a comment form. */
export interface EntityComments {
  type: string;
  fields: FormField[];
  /** oldest first, without the oldest if there are very many */
  all: Entity[];
  /** formatted texts of the newest ones, by comment and field */
  trees: Record<string, Record<string, Tree>>;
  total: number;
}

/** The attachments of an item. */
export interface EntityFiles {
  /** oldest first, without the oldest if there are very many */
  all: Entity[];
  total: number;
  /** bytes of one file */
  most: number;
}

export interface EntityAnswer {
  entity: Entity;
  /** its formatted texts, by field */
  trees: Record<string, Tree>;
  fields: FormField[];
  history: Revision[];
  /** if the item's type can have comments */
  comments?: EntityComments;
  /** if the item's type can have attachments */
  files?: EntityFiles;
}

export interface Row {
  id: string;
  key: string;
  type: string;
  title: string;
  version: string;
  updatedAt: string;
  updatedBy?: string;
}

const TEXTS: FaultTexts = {
  offline: 'Node-RED does not answer. Trying again …',
  login: 'Log in to the Node-RED editor in this browser with a user who may do this, then come back.',
  status: (status) => `Node-RED answered ${status}.`,
};

const urlOf = (path: string, query: Record<string, string>): string => `api/${path}?${new URLSearchParams(query)}`;

/** GET, or POST if there is a body. @throws Fault */
export async function ask<T>(path: string, query: Record<string, string>, body?: object): Promise<T> {
  const content = body && { body: JSON.stringify(body), contentType: 'application/json' };
  const response = await request(urlOf(path, query), TEXTS, content);
  return (await response.json()) as T;
}

/** Sends a file. @throws Fault */
export async function sendFile(path: string, query: Record<string, string>, file: File): Promise<void> {
  await request(urlOf(path, query), TEXTS, { body: file, contentType: 'application/octet-stream' });
}

/** Fetches a file: a plain link would not carry the editor's login. @throws Fault */
export async function fetchFile(path: string, query: Record<string, string>): Promise<Blob> {
  const response = await request(urlOf(path, query), TEXTS);
  try {
    return await response.blob();
  } catch {
    throw new Fault('The file did not arrive completely. Try again.', {});
  }
}
