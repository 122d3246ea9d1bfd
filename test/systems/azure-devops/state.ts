/** What the stand-in holds: projects with their trees, work items with all revisions, and the count of revisions. */

import { randomUUID } from 'node:crypto';
import type { StoredFile } from '../files';
import type { StandInPerson } from './people';

export interface Node {
  id: number;
  identifier: string;
  name: string;
  children: Node[];
}

export interface Comment {
  id: number;
  text: string;
  version: number;
  by: StandInPerson;
  at: number;
  modifiedBy: StandInPerson;
  modifiedAt: number;
  deleted: boolean;
  markdown?: boolean;
  /** what it was before, the oldest first */
  before: Omit<Comment, 'before'>[];
}

export interface StandInProject {
  id: string;
  name: string;
  /** names of types that its process has no more, lower case */
  gone: Set<string>;
  areas: Node;
  iterations: Node;
}

export interface Relation {
  rel: string;
  url: string;
  attributes: Record<string, unknown>;
}

/** What was sent, whether or not a work item has it. */
export interface Upload {
  name: string;
  stored: StoredFile;
  /** of an upload in chunks: bytes that are to come in all; undefined = none has come */
  total?: number;
  isChunked: boolean;
}

export type Shown = Record<string, unknown>;

export interface Revision {
  rev: number;
  /** the collection's count of revisions */
  watermark: number;
  at: number;
  by: StandInPerson;
  /** raw values by reference name: people are StandInPerson, times are numbers */
  fields: Shown;
  /** not in the feed yet */
  withheld?: boolean;
}

export interface Update {
  id: number;
  rev: number;
  at: number;
  by: StandInPerson;
  fields: Record<string, { oldValue?: unknown; newValue?: unknown }>;
  relations?: { added?: Relation[]; removed?: Relation[]; updated?: Relation[] };
}

export interface Item {
  id: number;
  fields: Shown;
  relations: Relation[];
  markdown: Set<string>;
  revisions: Revision[];
  updates: Update[];
  comments: Comment[];
  deleted: boolean;
  deletedBy?: StandInPerson;
  deletedAt?: number;
}

let nodeIds = 100;
const node = (name: string, children: Node[] = []): Node => ({
  id: nodeIds++,
  identifier: randomUUID(),
  name,
  children,
});

const project = (id: string, name: string, areas: string[]): StandInProject => ({
  id,
  name,
  gone: new Set(),
  areas: node(
    name,
    areas.map((area) => node(area)),
  ),
  iterations: node(name, [node('Release 1', [node('Sprint 1'), node('Sprint 2')]), node('Release 2')]),
});

export interface LinkChange {
  watermark: number;
  /** of the forward end */
  rel: string;
  source: number;
  target: number;
  at: number;
  active: boolean;
}

export class State {
  readonly links: LinkChange[] = [];
  readonly projects: StandInProject[] = [
    project('6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c', 'Fabrikam', ['Web', 'Services', 'Apps']),
    project('0f1e2d3c-4b5a-4678-9abc-def012345678', 'Contoso', ['Shop', 'Billing']),
  ];
  readonly items = new Map<number, Item>();
  /** what was uploaded, by id */
  readonly attachments = new Map<string, Upload>();
  /** hidden from the account */
  hides: (id: number) => boolean = () => false;
  watermark = 0;
  commentIds = 0;
  nextId = 1;

  project(idOrName: string): StandInProject | undefined {
    const wanted = idOrName.toLowerCase();
    return this.projects.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
  }

  /** Its work items show the new name at once, in all revisions, and none gets a new one. */
  rename(from: string, to: string): void {
    const found = this.project(from);
    if (!found) throw new Error(`there is no project ${from}`);
    Object.assign(found, { name: to });
    found.areas.name = to;
    found.iterations.name = to;
    for (const { fields, revisions } of this.items.values())
      for (const shown of [fields, ...revisions.map((one) => one.fields)]) {
        if (shown['System.TeamProject'] !== from) continue;
        shown['System.TeamProject'] = to;
        for (const path of ['System.AreaPath', 'System.IterationPath'])
          shown[path] = String(shown[path]).replace(new RegExp(`^${from}(?=\\\\|$)`), to);
      }
  }

  /** Visible work items. */
  item(id: number): Item | undefined {
    const item = this.items.get(id);
    return item && !item.deleted && !this.hides(id) ? item : undefined;
  }

  /** In the recycle bin. */
  recycled(id: number): Item | undefined {
    const item = this.items.get(id);
    return item?.deleted && !this.hides(id) ? item : undefined;
  }

  /** Away for good. */
  destroy(id: number): void {
    this.items.delete(id);
  }

  nodeOf(root: Node, path: string): Node | undefined {
    const [first, ...names] = path.split('\\');
    let at: Node | undefined = first?.toLowerCase() === root.name.toLowerCase() ? root : undefined;
    for (const name of names) at = at?.children.find((child) => child.name.toLowerCase() === name.toLowerCase());
    return at;
  }

  addNode(parent: Node, name: string): Node {
    const made = node(name);
    parent.children.push(made);
    return made;
  }

  /** A copy of everything, to be restored from. */
  backUp(): () => void {
    const items = structuredClone([...this.items.values()]);
    const { watermark, nextId } = this;
    return () => {
      this.items.clear();
      for (const item of structuredClone(items)) this.items.set(item.id, item);
      this.watermark = watermark;
      this.nextId = nextId;
    };
  }
}

export const clone = <T>(value: T): T => structuredClone(value);
