/**
 * The stand-in's state: issues, their changelogs, and an index that lags behind. It takes from requests only what the screens
 * have, and refuses the rest with Jira's words.
 */

import { randomUUID } from 'node:crypto';
import type { StoredFile } from '../files';
import type { Attachment, Comment, Issue, IssueLink, Json, LinkType, RemoteIssueLink } from './issue';
import {
  FIELDS,
  type FieldSpec,
  GROUPS,
  LINK_TYPES,
  type Person,
  PROJECTS,
  type ProjectSpec,
  ROLES,
  SECURITY_LEVELS,
  STATUSES,
  TRANSITIONS,
  type TransitionSpec,
  TYPES,
  UNEDITABLE,
} from './seed';
import { isJson, logValue, Refused, takeValue } from './values';

export interface SiteOptions {
  deployment: 'cloud' | 'datacenter';
  /** of every account */
  timeZone: string;
  /** until a write shows in searches, milliseconds; a function is asked at each write */
  indexLagMs: number | (() => number);
  /** ms since 1970 */
  now: () => number;
  /** grain of update times, milliseconds: 1000 is a database of whole seconds */
  clockMs: number;
}

/** The request is refused: messages, and words by field. */
export class Invalid extends Error {
  constructor(
    readonly messages: string[],
    readonly errors: Record<string, string> = {},
  ) {
    super([...messages, ...Object.entries(errors).flat()].join(' '));
  }
}

const NOT_ON_SCREEN = (id: string) => `Field '${id}' cannot be set. It is not on the appropriate screen, or unknown.`;

const PRESETS = Object.fromEntries(FIELDS.flatMap(({ id, preset }) => (preset === undefined ? [] : [[id, preset]])));

export class Site {
  /** set by the server */
  url = '';
  readonly isCloud: boolean;
  readonly timeZone: string;
  /** issues whose watchers were mailed about an edit, by id */
  readonly mails: string[] = [];
  /** ids of projects that were archived: nobody is shown their issues */
  readonly archived = new Set<string>();
  /** ids of projects that were deleted, or that the accounts see no more */
  readonly hidden = new Set<string>();
  /** ids of issue types that were deleted */
  readonly withoutTypes = new Set<string>();
  /** issues whose changelog was sent with a bulk fetch, by id */
  readonly logsSent: string[] = [];
  private readonly issues = new Map<string, Issue>();
  private index = new Map<string, { visibleAt: number; issue: Issue }[]>();
  private nextId = 20_000;
  private nextLog = 50_000;
  private nextLink = 60_000;
  private nextComment = 70_000;
  private nextAttachment = 90_000;
  /** adding and removing an attachment makes a new update time */
  attachmentsMove = () => true;
  nextIssueLink = 80_000;
  readonly linkTypes: LinkType[] = [...LINK_TYPES];
  readonly issueLinks: IssueLink[] = [];
  private readonly oldKeys = new Map<string, string>();
  private readonly counters = new Map<string, number>();

  constructor(readonly options: SiteOptions) {
    this.isCloud = options.deployment === 'cloud';
    this.timeZone = options.timeZone;
  }

  fields(): FieldSpec[] {
    return FIELDS.filter(({ deployment }) => deployment === undefined || deployment === this.options.deployment);
  }

  field(id: string): FieldSpec | undefined {
    return this.fields().find((field) => field.id === id);
  }

  /** Fields of a screen for an issue type: sub-tasks and, on Cloud, all but epics have a parent. */
  screen(name: 'create' | 'edit', typeId: string, status?: string): FieldSpec[] {
    if (status !== undefined && UNEDITABLE.has(status)) return [];
    const type = TYPES.find(({ id }) => id === typeId);
    return this.fields().filter((field) => {
      if (!field[name]) return false;
      if (field.kind === 'parent')
        return type?.subtask === true ? name === 'create' || this.isCloud : this.isCloud && typeId !== '10000';
      if (field.kind === 'epicLink') return type?.subtask === false && typeId !== '10000';
      return true;
    });
  }

  keyOf({ project, number }: Issue): string {
    return `${PROJECTS.find(({ id }) => id === project)?.key}-${number}`;
  }

  find(idOrKey: string): Issue | undefined {
    const byId = this.issues.get(idOrKey);
    if (byId) return byId;
    const key = idOrKey.toUpperCase();
    const moved = this.issues.get(this.oldKeys.get(key) ?? '');
    return moved ?? [...this.issues.values()].find((issue) => this.keyOf(issue) === key);
  }

  all(): Issue[] {
    return [...this.issues.values()];
  }

  /** The issues as searches see them now, those in `fresh` as they are. */
  indexed(fresh: ReadonlySet<string> = new Set()): Issue[] {
    const now = this.options.now();
    return this.all().flatMap((issue) => {
      if (fresh.has(issue.id)) return [issue];
      const states = this.index.get(issue.id) ?? [];
      return states.filter(({ visibleAt }) => visibleAt <= now).at(-1)?.issue ?? [];
    });
  }

  /** @throws Invalid */
  create(by: Person, request: Json): Issue {
    const fields = isJson(request.fields) ? request.fields : {};
    const project = PROJECTS.find(
      ({ id, key }) => isJson(fields.project) && (fields.project.id === id || fields.project.key === key),
    );
    if (!project) throw new Invalid([], { project: 'Specify a valid project ID or key' });
    const type = this.types().find(
      ({ id, name }) => isJson(fields.issuetype) && (fields.issuetype.id === id || fields.issuetype.name === name),
    );
    if (!type) throw new Invalid([], { issuetype: 'Specify a valid issue type' });
    const now = this.tick();
    const issue: Issue = {
      id: String(this.nextId),
      number: (this.counters.get(project.id) ?? 0) + 1,
      project: project.id,
      type: type.id,
      status: '10300',
      created: now,
      updated: now,
      resolved: undefined,
      creator: by.login,
      values: { priority: '3', reporter: by.login, ...PRESETS },
      properties: {},
      remoteLinks: [],
      comments: [],
      attachments: [],
      log: [],
    };
    const { project: _project, issuetype: _type, ...others } = fields;
    if (type.subtask && others.parent === undefined) {
      throw new Invalid([], { parent: 'Issue type is a sub-task but parent issue key or id not specified.' });
    }
    if (others.summary === undefined) others.summary = null;
    this.apply(issue, others, this.screen('create', type.id));
    const time = issue.values.timetracking;
    if (isJson(time) && time.original !== undefined && time.remaining === undefined) time.remaining = time.original;
    for (const property of Array.isArray(request.properties) ? request.properties : []) {
      if (!isJson(property) || typeof property.key !== 'string' || property.value === undefined)
        throw new Invalid(['The property is not valid.']);
      issue.properties[property.key] = property.value;
    }
    this.nextId++;
    this.counters.set(project.id, issue.number);
    this.issues.set(issue.id, issue);
    this.reindex(issue);
    return issue;
  }

  /** @throws Invalid; then nothing has changed */
  edit(by: Person, issue: Issue, request: Json): void {
    const fields = isJson(request.fields) ? request.fields : {};
    const update = isJson(request.update) ? request.update : {};
    if (Object.keys(fields).length + Object.keys(update).length === 0)
      throw new Invalid(["one of 'fields' or 'update' required"]);
    const draft: Issue = structuredClone(issue);
    const screen = this.screen('edit', issue.type, issue.status);
    for (const [id, operations] of Object.entries(update)) {
      if (id in fields) throw new Invalid([], { [id]: `Field '${id}' cannot appear in both 'fields' and 'update'` });
      if (!screen.some((field) => field.id === id)) throw new Invalid([], { [id]: NOT_ON_SCREEN(id) });
      this.operate(draft, id, operations);
    }
    this.apply(draft, fields, screen);
    this.commit(by, issue, draft);
  }

  private operate(draft: Issue, id: string, operations: unknown): void {
    for (const operation of Array.isArray(operations) ? operations : []) {
      const set = isJson(operation) ? operation.set : undefined;
      const isNone = id === 'parent' && isJson(set) && set.none === true;
      if (!isNone) throw new Invalid([], { [id]: 'The operation is not supported for this field.' });
      if (TYPES.find((type) => type.id === draft.type)?.subtask)
        throw new Invalid([], { parent: 'A sub-task must have a parent.' });
      draft.values.parent = null;
    }
  }

  /** Transitions from the issue's status. */
  offered(issue: Issue): TransitionSpec[] {
    return TRANSITIONS.filter(({ from }) => from === issue.status);
  }

  /** @throws Invalid */
  transition(by: Person, issue: Issue, request: Json): void {
    const id = isJson(request.transition) ? String(request.transition.id ?? '') : '';
    if (id === '') throw new Invalid(["Missing 'transition' identifier"]);
    const transition = this.offered(issue).find((one) => one.id === id);
    if (!transition)
      throw new Invalid([`It seems that you have tried to perform an illegal workflow operation (action ${id}).`]);
    const fields = isJson(request.fields) ? request.fields : {};
    const draft: Issue = structuredClone(issue);
    const screen = this.fields().filter((field) => transition.screen && field.id in transition.screen);
    this.apply(draft, fields, screen);
    for (const [field, required] of Object.entries(transition.screen ?? {})) {
      const value = draft.values[field];
      if (required && (value === null || value === undefined)) {
        throw new Invalid([], { [field]: `${this.field(field)?.name} is required.` });
      }
    }
    draft.status = transition.to;
    if (transition.clears) draft.values[transition.clears] = null;
    draft.resolved = draft.values.resolution ? (draft.resolved ?? this.options.now()) : undefined;
    this.commit(by, issue, draft);
  }

  /** Makes a remote link, or changes the one of the same global id. @throws Invalid @returns it, and whether it is new */
  link(by: Person, issue: Issue, { globalId, object }: Json): { link: RemoteIssueLink; isNew: boolean } {
    const { url, title } = isJson(object) ? object : {};
    if (typeof url !== 'string' || !URL.canParse(url)) throw new Invalid([], { url: "'url' is required." });
    if (typeof title !== 'string' || title === '') throw new Invalid([], { title: "'title' is required." });
    if (typeof globalId === 'string' && globalId.length > 255)
      throw new Invalid([], { globalId: "'globalId' must be no longer than 255 characters." });
    const draft: Issue = structuredClone(issue);
    const known = issue.remoteLinks.find((one) => one.globalId !== undefined && one.globalId === globalId);
    const link = known ?? {
      id: this.nextLink++,
      globalId: typeof globalId === 'string' ? globalId : undefined,
      object: {},
    };
    link.object = { url, title };
    if (!known) issue.remoteLinks.push(link);
    // a new update time, as for any change
    this.commit(by, issue, draft);
    return { link, isNew: !known };
  }

  /** A comment makes a new update time, and no entry in the changelog. */
  comment(
    by: Person,
    issue: Issue,
    body: Comment['body'] = this.text('Comment'),
    more: Partial<Comment> = {},
  ): Comment {
    const at = this.options.now();
    const [id, login] = [String(this.nextComment++), by.login];
    const about = { visibility: undefined, properties: {}, ...more };
    const comment: Comment = { id, by: login, at, updatedBy: login, updated: at, body, ...about };
    issue.comments.push(comment);
    this.touch(by, issue);
    return comment;
  }

  /** @param moves the issue gets a new update time */
  editComment(by: Person, issue: Issue, comment: Comment, changes: Partial<Comment>, moves: boolean): void {
    Object.assign(comment, changes, { updatedBy: by.login, updated: Math.max(comment.updated, this.options.now()) });
    if (moves) this.touch(by, issue);
  }

  removeComment(by: Person, issue: Issue, { id }: Comment, moves: boolean): void {
    issue.comments = issue.comments.filter((one) => one.id !== id);
    if (moves) this.touch(by, issue);
  }

  findComment(id: string): { issue: Issue; comment: Comment } | undefined {
    for (const issue of this.issues.values()) {
      const comment = issue.comments.find((one) => one.id === id);
      if (comment) return { issue, comment };
    }
    return undefined;
  }

  /** An attachment makes an entry in the changelog. */
  attach(
    by: Person,
    issue: Issue,
    name: string,
    stored: StoredFile,
    mediaType = 'application/octet-stream',
  ): Attachment {
    const [id, at] = [String(this.nextAttachment++), this.options.now()];
    const attachment: Attachment = { id, by: by.login, at, name, mediaType, stored };
    issue.attachments.push(attachment);
    this.noteAttachment(by, issue, {}, { id, text: name });
    return attachment;
  }

  detach(by: Person, issue: Issue, { id, name }: Attachment): void {
    issue.attachments = issue.attachments.filter((one) => one.id !== id);
    this.noteAttachment(by, issue, { id, text: name }, {});
  }

  findAttachment(id: string): { issue: Issue; attachment: Attachment } | undefined {
    for (const issue of this.issues.values()) {
      const attachment = issue.attachments.find((one) => one.id === id);
      if (attachment) return { issue, attachment };
    }
    return undefined;
  }

  private noteAttachment(by: Person, issue: Issue, from: Noted, to: Noted): void {
    const item = logItem('Attachment', 'jira', 'attachment', from, to);
    issue.log.push({ id: String(this.nextLog++), at: this.options.now(), by: by.login, items: [item] });
    if (this.attachmentsMove()) this.touch(by, issue);
  }

  /** What somebody may look at of an issue's comments: not what is for a role or group that they are not in. */
  commentsFor({ login }: Person, { comments }: Issue): Comment[] {
    return comments.filter(({ visibility }) => {
      if (!visibility) return true;
      return (visibility.type === 'role' ? ROLES : GROUPS)[visibility.value]?.includes(login) === true;
    });
  }

  /** A text as comments hold it. */
  text(words: string): Comment['body'] {
    return this.isCloud ? documentOf(words) : words;
  }

  /** A new update time. */
  touch(by: Person, issue: Issue): void {
    this.commit(by, issue, structuredClone(issue));
  }

  /** To another project, where it gets a new key; the old one still leads to it. */
  move(by: Person, issue: Issue, project: string, type = issue.type): void {
    const draft: Issue = structuredClone(issue);
    this.oldKeys.set(this.keyOf(issue), issue.id);
    const number = (this.counters.get(project) ?? 0) + 1;
    this.counters.set(project, number);
    Object.assign(issue, { project, number, type });
    this.commit(by, issue, draft);
  }

  /** What somebody may look at: not what a security level keeps from them, nor anything of an archived project. */
  sees({ login }: Person, { project, values }: Issue): boolean {
    if (this.archived.has(project) || this.hidden.has(project)) return false;
    const level = SECURITY_LEVELS.find(({ id }) => id === values.security);
    return level === undefined || level.members.includes(login);
  }

  projects(): ProjectSpec[] {
    return PROJECTS.filter(({ id }) => !this.hidden.has(id));
  }

  types(): typeof TYPES {
    return TYPES.filter(({ id }) => !this.withoutTypes.has(id));
  }

  remove(issue: Issue): void {
    this.issues.delete(issue.id);
    const left = this.issueLinks.filter(({ from, to }) => from !== issue.id && to !== issue.id);
    this.issueLinks.splice(0, this.issueLinks.length, ...left);
    this.index.delete(issue.id);
  }

  /** As an import would: the same state, another time. */
  backdate(issue: Issue, at: number): void {
    issue.updated = at;
    this.reindex(issue, 0);
  }

  snapshot(): Issue[] {
    return structuredClone(this.all());
  }

  /** A back-up is restored. */
  restore(issues: Issue[]): void {
    this.issues.clear();
    this.index.clear();
    for (const issue of structuredClone(issues)) {
      this.issues.set(issue.id, issue);
      this.reindex(issue, 0);
    }
  }

  /** @throws Refused */
  parentFor(json: unknown, issue: Issue): string {
    const given = isJson(json) ? (json.id ?? json.key) : undefined;
    const parent = typeof given === 'string' ? this.find(given) : undefined;
    if (!parent) throw new Refused('Could not find issue by id or key.');
    const levels = new Map(TYPES.map(({ id, hierarchyLevel }) => [id, hierarchyLevel]));
    const fits =
      (levels.get(parent.type) ?? 0) === (levels.get(issue.type) ?? 0) + 1 && parent.project === issue.project;
    if (!fits) throw new Refused('Given parent work item does not belong to appropriate hierarchy.');
    return parent.id;
  }

  private apply(draft: Issue, fields: Json, screen: FieldSpec[]): void {
    const errors: Record<string, string> = {};
    for (const [id, json] of Object.entries(fields)) {
      const field = screen.find((one) => one.id === id);
      if (!field) {
        errors[id] = NOT_ON_SCREEN(id);
        continue;
      }
      try {
        draft.values[id] = takeValue(this, field, json, draft);
      } catch (thrown) {
        if (!(thrown instanceof Refused)) throw thrown;
        errors[id] = thrown.message;
      }
    }
    if (Object.keys(errors).length > 0) throw new Invalid([], errors);
  }

  /** Takes over a draft, with a changelog entry and a new update time: also where nothing differs, as Jira does. */
  private commit(by: Person, issue: Issue, draft: Issue): void {
    const items: Json[] = [];
    for (const field of this.fields()) {
      const [before, after] = [issue.values[field.id] ?? null, draft.values[field.id] ?? null];
      if (JSON.stringify(before) === JSON.stringify(after)) continue;
      const [from, to] = [logValue(this, field, before, issue), logValue(this, field, after, draft)];
      items.push(
        logItem(
          field.schema.custom ? field.name : field.id,
          field.schema.custom ? 'custom' : 'jira',
          field.id,
          from,
          to,
        ),
      );
    }
    if (draft.status !== issue.status) {
      const [from, to] = [issue.status, draft.status].map((id) => ({
        id,
        text: STATUSES.find((one) => one.id === id)?.name,
      }));
      if (from && to) items.push(logItem('status', 'jira', 'status', from, to));
    }
    if (items.length > 0) issue.log.push({ id: String(this.nextLog++), at: this.options.now(), by: by.login, items });
    issue.values = draft.values;
    issue.status = draft.status;
    issue.resolved = draft.resolved;
    issue.updated = Math.max(issue.updated, this.tick());
    this.reindex(issue);
  }

  private tick(): number {
    const { clockMs, now } = this.options;
    return Math.floor(now() / clockMs) * clockMs;
  }

  private reindex(issue: Issue, lag?: number): void {
    const { indexLagMs, now } = this.options;
    const wait = lag ?? (typeof indexLagMs === 'function' ? indexLagMs() : indexLagMs);
    const states = (this.index.get(issue.id) ?? []).slice(-20);
    const last = states.at(-1)?.visibleAt ?? 0;
    // the states of one issue are indexed in order
    states.push({ visibleAt: Math.max(last, now() + wait), issue: structuredClone(issue) });
    this.index.set(issue.id, states);
  }
}

interface Noted {
  id?: string;
  text?: string;
}

function logItem(field: string, fieldtype: string, fieldId: string, from: Noted, to: Noted): Json {
  return {
    field,
    fieldtype,
    fieldId,
    ...(from.id === undefined ? {} : { from: from.id }),
    ...(from.text === undefined ? {} : { fromString: from.text }),
    ...(to.id === undefined ? {} : { to: to.id }),
    ...(to.text === undefined ? {} : { toString: to.text }),
  };
}

const documentOf = (text: string): Json => ({
  version: 1,
  type: 'doc',
  content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});

export const newToken = (): string => Buffer.from(`twinflow&${randomUUID()}`).toString('base64');
