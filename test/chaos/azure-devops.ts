/** An Azure DevOps stand-in: an HTTP server that goes on while Node-RED is dead. */

import type { Entity } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import { Colleague, connectTo, FABRIKAM, personOf, poll } from '../connectors/azure-devops/support';
import { type StandIn, startAzureDevOps } from '../systems/azure-devops';
import type { Item, Kind, Part, Role, Tracker } from './tracker';

const FIELDS: Kind['fields'] = {
  title: { id: 'System.Title', name: 'Title', type: 'text' },
  external: { id: 'Custom.ExternalId', name: 'External id', type: 'text' },
  priority: { id: 'Microsoft.VSTS.Common.Priority', name: 'Priority', type: 'lookup' },
};
const PAGE = 200;

export class AzureDevOpsTracker implements Tracker {
  readonly kind: Kind = {
    project: { id: FABRIKAM, name: 'Fabrikam' },
    type: { id: 'Bug', name: 'Bug' },
    fields: FIELDS,
    priorities: ['1', '2', '3', '4'],
    hasFiles: true,
    renamesFiles: false,
    isDiscreet: false,
  };
  readonly node: Tracker['node'];
  private readonly alice: Colleague;

  private constructor(private readonly server: StandIn) {
    this.alice = new Colleague(server, 'alice');
    const config = { url: server.url, auth: 'pat' };
    this.node = { kind: 'azure-devops', config, credentials: { token: personOf('sync').token } };
  }

  static async start(): Promise<AzureDevOpsTracker> {
    return new AzureDevOpsTracker(await startAzureDevOps({ contract: false }));
  }

  async create(title: string): Promise<string> {
    const [id] = await this.alice.create([title]);
    if (id === undefined) throw new Error('nothing was created');
    return id;
  }

  edit(id: string, role: Role, value: string): Promise<void> {
    return this.alice.change(id, { [FIELDS[role].id]: role === 'priority' ? Number(value) : value });
  }

  async comment(item: string, text: string): Promise<void> {
    await this.alice.comments.add(item, [text]);
  }

  editComment(id: string, text: string): Promise<void> {
    return this.alice.comments.edit(id, text);
  }

  async attach(item: string, name: string, bytes: Buffer): Promise<void> {
    await this.alice.attach(item, name, new Uint8Array(bytes));
  }

  rename(): Promise<void> {
    throw new Error('files are not renamed in this run');
  }

  remove(part: string): Promise<void> {
    return part.includes('#attachment-') ? this.alice.detach(part) : this.alice.comments.remove(part);
  }

  async ids(): Promise<string[]> {
    const query = "SELECT [System.Id] FROM WorkItems WHERE [System.WorkItemType] = 'Bug'";
    const answer = (await this.alice.send('POST', 'Fabrikam/_apis/wit/wiql', { query })) as {
      workItems: { id: number }[];
    };
    return answer.workItems.map(({ id }) => `${id}`);
  }

  async parts(item: string): Promise<Pick<Item, 'comments' | 'files'>> {
    const comments: Part[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const from: string = next === '' ? '' : `&continuationToken=${next}`;
      const path = `Fabrikam/_apis/wit/workItems/${item}/comments?order=asc&$top=${PAGE}${from}`;
      const answer = (await this.alice.send('GET', path)) as CommentsPage;
      comments.push(...answer.comments.map(({ id, text }) => ({ id: `${item}#comment-${id}`, text })));
      next = answer.continuationToken;
    }
    return { comments, files: await this.files(item) };
  }

  private async files(item: string): Promise<Item['files']> {
    const { relations = [] } = (await this.alice.send('GET', `_apis/wit/workitems/${item}?$expand=relations`)) as {
      relations?: { rel: string; url: string; attributes: { name?: string } }[];
    };
    const files: Item['files'] = [];
    for (const { rel, url, attributes } of relations) {
      if (rel !== 'AttachedFile') continue;
      const id = /attachments\/([0-9a-f-]{36})/i.exec(url)?.[1] ?? '';
      const stored = this.server.service.state.attachments.get(id)?.stored;
      files.push({ id: `${item}#attachment-${id}`, text: attributes.name ?? '', digest: stored?.sha256 ?? 'none' });
    }
    return files;
  }

  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for (const { id, fields } of await this.entities()) {
      const shown = (role: Role): string => wordsOf(fields[FIELDS[role].id]);
      const values = { title: shown('title'), external: shown('external'), priority: shown('priority') };
      items.push({ id, values, ...(await this.parts(id)) });
    }
    return items;
  }

  /** Comments move their work item. */
  async state(): Promise<string> {
    return JSON.stringify((await this.entities()).map(({ id, version }) => [id, version]));
  }

  private async entities(): Promise<Entity[]> {
    const connection = connectTo(this.server);
    const { entities } = await poll(connection, undefined, { projects: [FABRIKAM], types: ['Bug'] });
    await connection.close?.();
    return [...new Map(entities.map((entity) => [entity.id, entity])).values()];
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

interface CommentsPage {
  comments: { id: number; text: string }[];
  continuationToken?: string;
}

/** A value in words. */
export function wordsOf(value: Value | undefined): string {
  return value !== null && typeof value === 'object' && 'name' in value ? `${value.name}` : `${value ?? ''}`;
}
