/** A stand-in of Jira Cloud. What people do there are no requests, so that the pace of the account is Twinflow's alone. */

import { type Jira, startJira } from '../systems/jira';
import type { Comment, Issue } from '../systems/jira/issue';
import type { Item, Kind, Role, Tracker } from './tracker';

const FIELDS: Kind['fields'] = {
  title: { id: 'summary', name: 'Summary', type: 'text' },
  external: { id: 'customfield_10017', name: 'External ID', type: 'text' },
  priority: { id: 'priority', name: 'Priority', type: 'lookup' },
};

const PRIORITIES = ['Highest', 'High', 'Medium', 'Low'];

export class JiraTracker implements Tracker {
  readonly kind: Kind = {
    project: { id: '10200', name: 'Demo' },
    type: { id: '10002', name: 'Bug' },
    fields: FIELDS,
    priorities: PRIORITIES,
    hasFiles: true,
    renamesFiles: false,
    isDiscreet: false,
  };
  readonly node: Tracker['node'];

  private constructor(private readonly server: Jira) {
    const config = { deployment: 'cloud', url: server.url, auth: 'apiToken', email: 'sync@example.com' };
    this.node = { kind: 'jira', config, credentials: { apiKey: server.person('sync').apiToken } };
  }

  static async start(): Promise<JiraTracker> {
    return new JiraTracker(await startJira({ indexLagMs: 300 }));
  }

  private get alice() {
    return this.server.person('alice');
  }

  private issue(id: string): Issue {
    const issue = this.server.site.find(id);
    if (!issue) throw new Error(`there is no issue ${id}`);
    return issue;
  }

  async create(title: string): Promise<string> {
    const fields = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' }, summary: title };
    return this.server.site.create(this.alice, { fields }).id;
  }

  async edit(id: string, role: Role, value: string): Promise<void> {
    const fields = { [FIELDS[role].id]: role === 'priority' ? { name: value } : value };
    this.server.site.edit(this.alice, this.issue(id), { fields });
  }

  async comment(item: string, text: string): Promise<void> {
    const { site } = this.server;
    site.comment(this.alice, this.issue(item), site.text(text));
  }

  /** Jira does not tell of it: somebody edits the issue soon after. */
  async editComment(id: string, text: string): Promise<void> {
    const { issue, comment } = this.found(id);
    this.server.site.editComment(this.alice, issue, comment, { body: JSON.parse(text) as Comment['body'] }, true);
  }

  private found(id: string): { issue: Issue; comment: Comment } {
    const found = this.server.site.findComment(id);
    if (!found) throw new Error(`there is no comment ${id}`);
    return found;
  }

  async attach(item: string, name: string, bytes: Buffer): Promise<void> {
    this.server.site.attach(this.alice, this.issue(item), name, this.server.files.keep(bytes));
  }

  rename(): Promise<void> {
    throw new Error('Jira renames no files');
  }

  async remove(part: string): Promise<void> {
    const { site } = this.server;
    const file = site.findAttachment(part.replace(/^file /, ''));
    if (part.startsWith('file ')) {
      if (!file) throw new Error(`there is no ${part}`);
      site.detach(this.alice, file.issue, file.attachment);
    } else {
      const { issue, comment } = this.found(part);
      site.removeComment(this.alice, issue, comment, true);
    }
  }

  async ids(): Promise<string[]> {
    return this.server.site.all().map(({ id }) => id);
  }

  async parts(item: string): Promise<Pick<Item, 'comments' | 'files'>> {
    const { comments, attachments } = this.issue(item);
    return {
      comments: comments.map(({ id, body }) => ({ id, text: JSON.stringify(body) })),
      files: attachments.map(({ id, name, stored }) => ({ id: `file ${id}`, text: name, digest: stored.sha256 })),
    };
  }

  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for (const { id, values } of this.server.site.all()) {
      const shown = (role: Role): string =>
        role === 'priority' ? nameOf(values.priority) : String(values[FIELDS[role].id] ?? '');
      const all = { title: shown('title'), external: shown('external'), priority: shown('priority') };
      items.push({ id, values: all, ...(await this.parts(id)) });
    }
    return items;
  }

  async state(): Promise<string> {
    return JSON.stringify(this.server.site.all().map(({ id, updated, comments }) => [id, updated, comments]));
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

/** Priorities are stored by their numbers, the highest first. */
const nameOf = (priority: unknown): string => PRIORITIES[Number(priority) - 1] ?? String(priority);
