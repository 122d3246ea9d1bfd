/** A real Redmine, back in its seeded state. */

import { createHash } from 'node:crypto';
import { attachTo } from '../connectors/redmine/files';
import { type RedmineApi, type RedmineServer, redmine } from '../support/redmine';
import type { Item, Kind, Part, Role, Tracker } from './tracker';

const FIELDS: Kind['fields'] = {
  title: { id: 'subject', name: 'Subject', type: 'text' },
  external: { id: 'cf_1', name: 'External ID', type: 'text' },
  priority: { id: 'priority', name: 'Priority', type: 'lookup' },
};
const PRIORITIES = { Immediate: 5, Urgent: 4, High: 3, Normal: 2 } as const;
const PAGE = 100;

interface Issue {
  id: number;
  subject: string;
  priority: { name: string };
  custom_fields: { id: number; value: string | null }[];
  updated_on: string;
}

interface WithParts {
  journals: { id: number; notes: string | null }[];
  attachments: { id: number; filename: string; filesize: number }[];
}

export class RedmineTracker implements Tracker {
  readonly kind: Kind = {
    project: { id: '1', name: 'Alpha' },
    type: { id: '1', name: 'Bug' },
    fields: FIELDS,
    priorities: Object.keys(PRIORITIES),
    hasFiles: true,
    renamesFiles: false,
    isDiscreet: false,
  };
  readonly node: Tracker['node'];
  private readonly alice: RedmineApi;
  private touches = 0;

  private constructor(
    private readonly server: RedmineServer,
    /** issues up to this number were there before */
    private readonly seeded: number,
  ) {
    this.alice = server.as('alice');
    const config = { url: server.url, textFormatting: 'markdown' };
    this.node = { kind: 'redmine', config, credentials: { apiKey: server.key('sync') } };
  }

  /** @throws Error – no server runs */
  static async start(): Promise<RedmineTracker> {
    const found = redmine('a');
    if ('missing' in found) throw new Error(found.missing);
    const server = found.there;
    server.reset();
    // what is there from the start would be synced, too
    const { issues } = await server.as('admin').get<{ issues: Issue[] }>('/issues.json?status_id=*&limit=100');
    for (const { id } of issues) await server.as('admin').delete(`/issues/${id}.json`);
    return new RedmineTracker(server, Math.max(0, ...issues.map(({ id }) => id)));
  }

  async create(title: string): Promise<string> {
    const issue = { project_id: 1, tracker_id: 1, priority_id: PRIORITIES.Normal, subject: title };
    return String((await this.alice.post<{ issue: Issue }>('/issues.json', { issue })).issue.id);
  }

  edit(id: string, role: Role, value: string): Promise<void> {
    const issue =
      role === 'title'
        ? { subject: value }
        : role === 'priority'
          ? { priority_id: PRIORITIES[value as keyof typeof PRIORITIES] }
          : { custom_fields: [{ id: 1, value }] };
    return this.alice.put(`/issues/${id}.json`, { issue });
  }

  comment(item: string, text: string): Promise<void> {
    return this.alice.put(`/issues/${item}.json`, { issue: { notes: text } });
  }

  async editComment(id: string, text: string): Promise<void> {
    const [item = '', journal] = id.split('#');
    await this.alice.put(`/journals/${journal}.json`, { journal: { notes: text } });
    await this.touch(item);
  }

  async attach(item: string, name: string, bytes: Buffer): Promise<void> {
    await attachTo(this.alice, item, name, new Uint8Array(bytes));
  }

  rename(): Promise<void> {
    throw new Error('files are not renamed in this run');
  }

  async remove(part: string): Promise<void> {
    const [item = '', number = ''] = part.split(/#f?/);
    if (!part.includes('#f')) return this.editComment(part, '');
    await this.alice.delete(`/attachments/${number}.json`);
    await this.touch(item);
  }

  /** Redmine does not tell of edited notes and deleted files: the next poll brings the issue if somebody edits it soon after. */
  private touch(item: string): Promise<void> {
    this.touches += 1;
    return this.alice.put(`/issues/${item}.json`, { issue: { done_ratio: (this.touches % 10) * 10 } });
  }

  /** Nobody deletes one, and nobody works in another project. */
  async ids(): Promise<string[]> {
    const { issues } = await this.alice.get<{ issues: Issue[] }>('/issues.json?status_id=*&sort=id:desc&limit=1');
    const last = issues[0]?.id ?? this.seeded;
    return Array.from({ length: Math.max(0, last - this.seeded) }, (_, index) => String(this.seeded + 1 + index));
  }

  async parts(item: string): Promise<Pick<Item, 'comments' | 'files'>> {
    const path = `/issues/${item}.json?include=journals,attachments`;
    const { issue } = await this.alice.get<{ issue: WithParts }>(path);
    const comments = issue.journals
      .sort((one, two) => one.id - two.id)
      .flatMap(({ id, notes }): Part[] => (notes ? [{ id: `${item}#${id}`, text: notes }] : []));
    const files: Item['files'] = [];
    for (const { id, filename, filesize } of issue.attachments) {
      files.push({ id: `${item}#f${id}`, text: filename, digest: await this.digest(id, filename, filesize) });
    }
    return { comments, files };
  }

  /** by number and name: SQLite gives the number of a deleted file to the next one */
  private readonly digests = new Map<string, string>();

  private async digest(file: number, name: string, size: number): Promise<string> {
    const place = `${file} ${name}`;
    const known = this.digests.get(place);
    if (known !== undefined) return known;
    const headers = { 'X-Redmine-API-Key': this.alice.key };
    const answer = await fetch(`${this.alice.url}/attachments/download/${file}`, { headers });
    if (!answer.ok) throw new Error(`attachment ${file}: ${answer.status} ${await answer.text()}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length !== size) {
      const start = Buffer.from(bytes.subarray(0, 300)).toString();
      throw new Error(`attachment ${file} has ${size} bytes, and ${bytes.length} came from ${answer.url}: ${start}`);
    }
    const digest = createHash('sha256').update(bytes).digest('hex');
    this.digests.set(place, digest);
    return digest;
  }

  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for (const { id, subject, priority, custom_fields } of await this.issues('id')) {
      const external = custom_fields.find((field) => field.id === 1)?.value ?? '';
      items.push({
        id: String(id),
        values: { title: subject, external, priority: priority.name },
        ...(await this.parts(String(id))),
      });
    }
    return items;
  }

  async state(): Promise<string> {
    const first = await this.alice.get<{ issues: Issue[]; total_count: number }>(
      '/issues.json?status_id=*&sort=updated_on:desc&limit=25',
    );
    return JSON.stringify([first.total_count, first.issues.map(({ id, updated_on }) => [id, updated_on])]);
  }

  private async issues(sort: string): Promise<Issue[]> {
    const all: Issue[] = [];
    for (;;) {
      const path = `/issues.json?status_id=*&sort=${sort}&limit=${PAGE}&offset=${all.length}`;
      const { issues } = await this.alice.get<{ issues: Issue[] }>(path);
      all.push(...issues);
      if (issues.length < PAGE) return all;
    }
  }

  async stop(): Promise<void> {
    this.server.reset();
  }
}
