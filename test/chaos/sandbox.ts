/**
 * A sandbox in Node-RED's user folder. It is killed together with Node-RED; people write in its file meanwhile, from this
 * process. It has attachments and internal comments.
 */

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSandbox, type SandboxSpace, sandboxFile } from '../../lib/connectors/sandbox';
import type { FileContent } from '../../lib/model/content';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { Fields } from '../../lib/model/values';
import { wordsOf } from './azure-devops';
import type { Item, Kind, Role, Tracker } from './tracker';

const FIELDS: Kind['fields'] = {
  title: { id: 'summary', name: 'Summary', type: 'text' },
  external: { id: 'customfield_10050', name: 'External reference', type: 'text' },
  priority: { id: 'priority', name: 'Priority', type: 'lookup' },
};
const WHO = 'alice';
const BLOCK = 64 * 1024;
const MOST = 100_000;

export class SandboxTracker implements Tracker {
  readonly kind: Kind = {
    project: { id: '10000', name: 'Demo' },
    type: { id: '10101', name: 'Bug' },
    fields: FIELDS,
    priorities: ['Highest', 'High', 'Medium', 'Low', 'Lowest'],
    hasFiles: true,
    renamesFiles: true,
    isDiscreet: true,
  };
  readonly node: Tracker['node'];
  private readonly space: SandboxSpace;

  constructor(userDir: string, name: string) {
    this.space = openSandbox({ file: sandboxFile(userDir), space: name, template: 'jira' });
    this.node = { kind: 'sandbox', config: { space: name, template: 'jira', user: 'sync' } };
  }

  async create(title: string): Promise<string> {
    const made = { project: this.kind.project.id, type: this.kind.type.id, fields: { summary: title } };
    return (await patiently(() => this.space.create(WHO, made))).id;
  }

  async edit(id: string, role: Role, value: string): Promise<void> {
    const fields: Fields = { [FIELDS[role].id]: role === 'priority' ? { name: value } : value };
    await patiently(() => this.space.edit(WHO, id, fields));
  }

  async comment(owner: string, text: string, isInternal: boolean): Promise<void> {
    const fields = { ...worded(text), ...(isInternal && { visibility: { id: 'internal' } }) };
    const made = { project: this.kind.project.id, type: 'comment', owner, fields };
    await patiently(() => this.space.create(WHO, made));
  }

  async editComment(id: string, text: string, isPublic?: boolean): Promise<void> {
    const fields = { ...worded(text), ...(isPublic && { visibility: { id: 'public' } }) };
    await patiently(() => this.space.edit(WHO, id, fields));
  }

  async attach(item: string, name: string, bytes: Buffer): Promise<void> {
    await patiently(() => this.space.attach(WHO, item, contentOf(name, bytes)));
  }

  async rename(file: string, name: string): Promise<void> {
    await patiently(() => this.space.edit(WHO, file, { name }));
  }

  async remove(part: string): Promise<void> {
    const [error] = await patiently(() => this.space.removeParts(WHO, [part]));
    if (error) throw error;
  }

  async ids(): Promise<string[]> {
    return this.entities().map(({ id }) => id);
  }

  async parts(item: string): Promise<Pick<Item, 'comments' | 'files'>> {
    const all = this.space.partsOf(item) ?? [];
    const files: Item['files'] = [];
    for (const { id, fields } of all.filter(({ type }) => type === 'attachment'))
      files.push({ id, text: wordsOf(fields.name), digest: await this.digestOf(id) });
    const comments = all.filter(({ type }) => type === 'comment');
    return { comments: comments.map(({ id, fields }) => ({ id, text: textOf(fields) })), files };
  }

  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for (const { id, fields } of this.entities()) {
      const shown = (role: Role): string => wordsOf(fields[FIELDS[role].id]);
      const values = { title: shown('title'), external: shown('external'), priority: shown('priority') };
      items.push({ id, values, ...(await this.parts(id)) });
    }
    return items;
  }

  async state(): Promise<string> {
    return `${this.space.revision()}`;
  }

  async stop(): Promise<void> {
    this.space.close();
  }

  private entities(): Entity[] {
    return this.space.list({ type: this.kind.type.id, limit: MOST }).entities;
  }

  private async digestOf(file: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const part of this.space.openFile(file)?.bytes ?? []) hash.update(part);
    return hash.digest('hex');
  }
}

/** Node-RED writes to the same file. A write that finds it locked is tried again. */
async function patiently<T>(work: () => T | Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.kind !== 'transient' || tries === 100) throw thrown;
      await sleep(20);
    }
  }
}

const worded = (content: string): Fields => ({ text: { format: 'markdown', content } });

function textOf({ text = null }: Fields): string {
  return text !== null && typeof text === 'object' && 'content' in text ? text.content : wordsOf(text);
}

function contentOf(name: string, bytes: Buffer): FileContent {
  async function* blocks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += BLOCK) yield bytes.subarray(at, at + BLOCK);
  }
  const open: FileContent['open'] = async () => ({ size: bytes.length, bytes: blocks(), close: () => undefined });
  return { name, size: bytes.length, mediaType: 'application/octet-stream', open };
}
