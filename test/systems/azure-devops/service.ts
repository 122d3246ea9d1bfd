/** What the stand-in answers: the REST resources over its state. Knows nothing of HTTP but status codes. */

import { ApiError, notFound } from './answer';
import { applied, differs, type PatchOperation, typeByName } from './patch';
import { identity, identityRef, PEOPLE, type StandInPerson } from './people';
import { FIELDS, fieldByName, TYPES, type TypeDefinition } from './process';
import { type Item, type Node, type Revision, type Shown, type StandInProject, State } from './state';
import { type Condition, holds, parseWiql } from './wiql';

export interface ServiceOptions {
  /** hits at which a query fails; preset 20,000 */
  queryLimit?: number;
  /** one failed request of a batch undoes all */
  batchAllOrNothing?: boolean;
  /** knows Markdown; preset true */
  markdown?: boolean;
  /** ms since 1970; preset the machine's clock */
  now?: () => number;
}

const MOST_IN_BATCH = 200;
const FEED_PAGE = 200;
const MOST_IN_FEED = 1000;

type Query = URLSearchParams;

const bad = (message: string, typeKey = 'ArgumentException') => new ApiError(400, typeKey, message);
const wrapped = (value: unknown[]) => ({ count: value.length, value });

export class Service {
  readonly state = new State();
  /** revisions that happen now do not appear in the feed until they are released */
  withholding = false;
  private last = 0;

  constructor(
    readonly base: () => string,
    private readonly options: ServiceOptions,
  ) {}

  now(): number {
    return this.options.now?.() ?? Date.now();
  }

  release(): void {
    for (const item of this.state.items.values()) for (const revision of item.revisions) revision.withheld = false;
  }

  // --- structure ---

  project(name: string): StandInProject {
    const found = this.state.project(name);
    if (found) return found;
    throw new ApiError(
      404,
      'ProjectDoesNotExistWithNameException',
      `TF200016: The following project does not exist: ${name}.`,
    );
  }

  projects(query: Query) {
    const top = Number(query.get('$top') ?? 100);
    const skip = Number(query.get('$skip') ?? 0);
    const all = this.state.projects.map(({ id, name }) => ({
      id,
      name,
      url: `${this.base()}/_apis/projects/${id}`,
      state: 'wellFormed',
      revision: 1,
      visibility: 'private',
      lastUpdateTime: '2024-01-01T00:00:00Z',
    }));
    return wrapped(all.slice(skip, skip + top));
  }

  teams(project: string) {
    const { id, name } = this.project(project);
    return wrapped([
      { id: `${id.slice(0, 8)}-0000-4000-8000-000000000001`, name: `${name} Team`, projectId: id, projectName: name },
    ]);
  }

  members() {
    return wrapped(PEOPLE.map((one) => ({ isTeamAdmin: false, identity: identityRef(one, this.base()) })));
  }

  identities(query: Query) {
    const filter = query.get('searchFilter') ?? '';
    const wanted = (query.get('filterValue') ?? '').toLowerCase();
    if (!['General', 'MailAddress', 'AccountName', 'DisplayName'].includes(filter))
      throw bad(`Unknown filter ${filter}`);
    const byMail = filter === 'MailAddress' || filter === 'AccountName' || filter === 'General';
    const byName = filter === 'DisplayName' || filter === 'General';
    const found = PEOPLE.filter(
      ({ uniqueName, displayName }) =>
        (byMail && uniqueName.toLowerCase() === wanted) || (byName && displayName.toLowerCase() === wanted),
    );
    return wrapped(found.map(identity));
  }

  connectionData(by: StandInPerson) {
    return {
      authenticatedUser: identity(by),
      authorizedUser: identity(by),
      instanceId: 'c0ffee00-0000-4000-8000-000000000000',
      deploymentId: 'c0ffee00-0000-4000-8000-000000000001',
      deploymentType: 'hosted',
    };
  }

  fields() {
    return wrapped(
      FIELDS.map((field) => ({
        ...field,
        usage: 'workItem',
        canSortBy: true,
        isQueryable: true,
        supportedOperations: [],
        url: `${this.base()}/_apis/wit/fields/${field.referenceName}`,
      })),
    );
  }

  types(project: string) {
    this.project(project);
    return wrapped(TYPES.map((type) => this.typeShown(type)));
  }

  private typeShown({ name, referenceName, color, isDisabled, states, transitions }: TypeDefinition) {
    const steps = Object.entries(transitions).map(([from, to]) => [
      from,
      to.map((one) => ({ to: one, actions: null })),
    ]);
    return {
      name,
      referenceName,
      description: name,
      color,
      icon: { id: 'icon_book', url: `${this.base()}/_apis/wit/workItemIcons/icon_book` },
      isDisabled,
      states: states.map((state) => ({ ...state, color: 'b2b2b2' })),
      // null where nothing is to be done is how the service writes it; the description knows lists only
      transitions: Object.fromEntries(
        steps.map(([from, list]) => [from, (list as { to: string }[]).map(({ to }) => ({ to }))]),
      ),
    };
  }

  categories(project: string) {
    this.project(project);
    const hidden = TYPES.filter((type) => type.hidden).map(({ name }) => ({
      name,
      url: `${this.base()}/types/${name}`,
    }));
    const shown = TYPES.filter((type) => !type.hidden).map(({ name }) => ({
      name,
      url: `${this.base()}/types/${name}`,
    }));
    return wrapped([
      { name: 'Requirement Category', referenceName: 'Microsoft.RequirementCategory', workItemTypes: shown },
      { name: 'Hidden Types Category', referenceName: 'Microsoft.HiddenCategory', workItemTypes: hidden },
    ]);
  }

  type(name: string): TypeDefinition {
    const found = typeByName(name);
    if (found) return found;
    throw new ApiError(
      404,
      'WorkItemTypeNotFoundException',
      `VS402323: Work item type ${name} does not exist in project or you do not have permission to access it.`,
    );
  }

  typeFields(project: string, type: string, query: Query) {
    this.project(project);
    const expand = (query.get('$expand') ?? 'none').toLowerCase();
    return wrapped(
      this.type(type).fields.map(({ referenceName, alwaysRequired, allowedValues, defaultValue }) => ({
        referenceName,
        name: fieldByName.get(referenceName.toLowerCase())?.name ?? referenceName,
        url: `${this.base()}/_apis/wit/fields/${referenceName}`,
        alwaysRequired: alwaysRequired === true,
        defaultValue: defaultValue ?? null,
        ...(expand === 'none' ? {} : { allowedValues: allowedValues ?? [] }),
      })),
    );
  }

  trees(project: string, query: Query) {
    const { areas, iterations } = this.project(project);
    const depth = Number(query.get('$depth') ?? 0);
    return wrapped([this.nodeShown(areas, 'area', depth), this.nodeShown(iterations, 'iteration', depth)]);
  }

  private nodeShown(node: Node, kind: string, depth: number): Record<string, unknown> {
    const { id, identifier, name, children } = node;
    const shown = {
      id,
      identifier,
      name,
      structureType: kind,
      hasChildren: children.length > 0,
      url: `${this.base()}/nodes/${id}`,
    };
    if (depth === 0 || children.length === 0) return shown;
    return { ...shown, children: children.map((child) => this.nodeShown(child, kind, depth - 1)) };
  }

  addNode(project: string, tree: string, path: string, body: unknown) {
    const { areas, iterations } = this.project(project);
    const root = tree === 'areas' ? areas : iterations;
    const parent = path === '' ? root : this.state.nodeOf(root, [root.name, ...path.split('/')].join('\\'));
    const name = typeof body === 'object' && body !== null && 'name' in body ? String(body.name) : '';
    if (!parent)
      throw new ApiError(404, 'WorkItemTrackingTreeNodeNotFoundException', `VS402485: There is no node ${path}`);
    if (name === '' || /[\\/:*?"<>|]/.test(name)) throw bad(`VS402371: Classification node name ${name} is not valid`);
    if (parent.children.some((child) => child.name.toLowerCase() === name.toLowerCase())) {
      throw new ApiError(409, 'ClassificationNodeDuplicateNameException', `VS402371: There is a node ${name} already`);
    }
    return this.nodeShown(this.state.addNode(parent, name), tree === 'areas' ? 'area' : 'iteration', 0);
  }

  // --- reading ---

  batch(body: unknown) {
    const request = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const ids = Array.isArray(request.ids) ? request.ids.map(Number) : [];
    if (ids.length === 0) throw bad('You must pass a valid list of ids');
    if (ids.length > 200) throw bad('VS403474: You requested more than 200 work items, the limit of a batch.');
    if (request.fields && request.$expand && request.$expand !== 'none') {
      throw bad('The expand parameter can not be used with the fields parameter.', 'ConflictingParametersException');
    }
    const fields = Array.isArray(request.fields) ? request.fields.map(String) : undefined;
    const value = ids.map((id) => {
      const item = this.state.item(id);
      if (!item && request.errorPolicy !== 'omit') throw notFound(id);
      // the service leaves a hole where something is omitted
      return item ? this.shown(item, request.$expand === 'relations' || request.$expand === 'all', fields) : null;
    });
    return wrapped(value);
  }

  /** A work item as the API shows it. */
  shown(item: Item, relations: boolean, only?: string[]) {
    const revision = item.revisions.at(-1);
    const fields = revision ? this.fieldsShown(item, revision, item.revisions) : {};
    const wanted = only?.map((name) => fieldByName.get(name.toLowerCase())?.referenceName ?? name);
    return {
      id: item.id,
      rev: item.revisions.length,
      fields: wanted ? Object.fromEntries(Object.entries(fields).filter(([id]) => wanted.includes(id))) : fields,
      ...(item.markdown.size > 0
        ? { multilineFieldsFormat: Object.fromEntries([...item.markdown].map((field) => [field, 'markdown'])) }
        : {}),
      ...(relations && item.relations.length > 0 ? { relations: item.relations } : {}),
      url: `${this.base()}/_apis/wit/workItems/${item.id}`,
    };
  }

  private fieldsShown(item: Item, revision: Revision, revisions: Revision[]): Shown {
    const { fields, at, by, rev, watermark } = revision;
    const project = this.state.project(String(fields['System.TeamProject']));
    const area = String(fields['System.AreaPath']);
    const iteration = String(fields['System.IterationPath']);
    const all: Shown = {
      ...fields,
      'System.Id': item.id,
      'System.Rev': rev,
      'System.ChangedDate': at,
      'System.ChangedBy': by,
      'System.AuthorizedDate': at,
      'System.AuthorizedAs': by,
      'System.Watermark': watermark,
      'System.AreaId': project && this.state.nodeOf(project.areas, area)?.id,
      'System.IterationId': project && this.state.nodeOf(project.iterations, iteration)?.id,
      'System.NodeName': area.split('\\').at(-1),
      'System.CommentCount': revisions.filter((one) => one.fields['System.History'] !== undefined).length,
    };
    return Object.fromEntries(
      Object.entries(all)
        .filter(([id, value]) => value !== undefined && id !== 'System.History')
        .map(([id, value]) => [id, this.valueShown(id, value)]),
    );
  }

  private valueShown(id: string, value: unknown): unknown {
    const definition = fieldByName.get(id.toLowerCase());
    if (definition?.type === 'dateTime') return time(Number(value));
    return definition?.isIdentity ? identityRef(value as StandInPerson, this.base()) : value;
  }

  updates(id: number, query: Query) {
    const item = this.state.item(id);
    if (!item) throw notFound(id);
    const top = Number(query.get('$top') ?? 200);
    const skip = Number(query.get('$skip') ?? 0);
    if (top > 200) throw bad('VS402881: $top is 200 at most');
    const all = item.updates.map((update, index) => {
      const shownValues = (change: { oldValue?: unknown; newValue?: unknown }, field: string) => ({
        ...(change.oldValue === undefined ? {} : { oldValue: this.valueShown(field, change.oldValue) }),
        ...(change.newValue === undefined ? {} : { newValue: this.valueShown(field, change.newValue) }),
      });
      const next = item.updates[index + 1];
      return {
        id: update.id,
        workItemId: id,
        rev: update.rev,
        revisedBy: identityRef(update.by, this.base()),
        revisedDate: next ? time(next.at) : '9999-01-01T00:00:00Z',
        fields: Object.fromEntries(
          Object.entries(update.fields).map(([field, change]) => [field, shownValues(change, field)]),
        ),
        url: `${this.base()}/_apis/wit/workItems/${id}/updates/${update.id}`,
      };
    });
    return wrapped(all.slice(skip, skip + top));
  }

  feed(project: string | undefined, query: Query) {
    const scope = project === undefined ? undefined : this.project(project);
    const token = query.get('continuationToken');
    const start = query.get('startDateTime');
    if (token !== null && start !== null)
      throw bad('startDateTime cannot be used with continuationToken', 'ConflictingParametersException');
    const after = token === null ? 0 : Number(/^(\d+);1;stand-in$/.exec(token)?.[1] ?? Number.NaN);
    if (Number.isNaN(after)) throw bad(`VS402457: The continuation token ${token} is not valid.`);
    const size = Number(query.get('$maxPageSize') ?? FEED_PAGE);
    if (!Number.isInteger(size) || size < 1 || size > MOST_IN_FEED)
      throw bad('$maxPageSize is out of range', 'ArgumentOutOfRangeException');
    const wanted = query.get('fields')?.split(',');
    for (const name of wanted ?? []) {
      if (!fieldByName.has(name.toLowerCase()))
        throw bad(`TF51535: Cannot find field ${name}.`, 'WorkItemTrackingFieldDefinitionNotFoundException');
    }
    const types = query.get('types')?.toLowerCase().split(',');
    const latest = query.get('includeLatestOnly') === 'true';
    const found: { item: Item; revision: Revision }[] = [];
    for (const item of this.state.items.values()) {
      if (item.deleted && query.get('includeDeleted') !== 'true') continue;
      const visible = item.revisions.filter((one) => !one.withheld);
      for (const revision of latest ? visible.slice(-1) : visible) {
        if (revision.watermark <= after || (start !== null && revision.at <= Date.parse(start))) continue;
        if (scope && revision.fields['System.TeamProject'] !== scope.name) continue;
        if (types && !types.includes(String(revision.fields['System.WorkItemType']).toLowerCase())) continue;
        found.push({ item, revision });
      }
    }
    found.sort((a, b) => a.revision.watermark - b.revision.watermark);
    const page = found.slice(0, size);
    const next = page.at(-1)?.revision.watermark ?? after;
    const last = page.length === found.length;
    const continuationToken = `${next};1;stand-in`;
    return {
      values: page.map(({ item, revision }) => {
        const fields = this.fieldsShown(item, revision, item.revisions);
        const some = Object.entries(fields).filter(([id]) => !wanted || wanted.includes(id));
        return { id: item.id, rev: revision.rev, fields: Object.fromEntries(some) };
      }),
      nextLink: `${this.base()}/_apis/wit/reporting/workItemRevisions?continuationToken=${encodeURIComponent(continuationToken)}`,
      continuationToken,
      isLastBatch: last,
    };
  }

  linkFeed(project: string | undefined, query: Query) {
    if (project !== undefined) this.project(project);
    const token = query.get('continuationToken');
    const start = query.get('startDateTime');
    if (token !== null && start !== null) throw bad('startDateTime cannot be used with continuationToken');
    if (query.get('linkTypes') !== 'System.LinkTypes.Hierarchy-Forward')
      throw bad('only links of the hierarchy are held here');
    const after = token === null ? 0 : Number(token.split(';')[0]);
    const found = this.state.links.filter(
      ({ watermark, at }) => watermark > after && (start === null || at > Date.parse(start)),
    );
    const page = found.slice(0, FEED_PAGE);
    const continuationToken = `${page.at(-1)?.watermark ?? after};links`;
    return {
      values: page.map(({ parent, child, at, active }) => ({
        rel: 'System.LinkTypes.Hierarchy-Forward',
        attributes: { sourceId: parent, targetId: child, isActive: active, changedDate: time(at) },
      })),
      nextLink: `${this.base()}/_apis/wit/reporting/workItemLinks?continuationToken=${continuationToken}`,
      continuationToken,
      isLastBatch: page.length === found.length,
    };
  }

  wiql(body: unknown, query: Query, by: StandInPerson) {
    const text = typeof body === 'object' && body !== null && 'query' in body ? String(body.query) : '';
    const { conditions, order } = parseWiql(text);
    const precise = query.get('timePrecision') === 'true';
    const matches = (item: Item): boolean => conditions.every((one) => this.meets(item, one, by, precise));
    const found = [...this.state.items.values()].filter((item) => !item.deleted && matches(item));
    const limit = this.options.queryLimit ?? 20_000;
    if (found.length > limit) {
      const words = `VS402337: The number of work items returned exceeds the size limit of ${limit}. Change the query to return fewer items.`;
      throw bad(words, 'WorkItemTrackingQueryResultSizeLimitExceededException');
    }
    found.sort((a, b) => {
      for (const { field, descending } of order) {
        const [one, two] = [this.comparable(a, field), this.comparable(b, field)];
        const result = one === two ? 0 : Number(one ?? 0) < Number(two ?? 0) ? -1 : 1;
        if (result !== 0) return descending ? -result : result;
      }
      return 0;
    });
    const top = query.get('$top');
    return {
      queryType: 'flat',
      queryResultType: 'workItem',
      asOf: time(this.now()),
      columns: [{ referenceName: 'System.Id', name: 'ID', url: `${this.base()}/_apis/wit/fields/System.Id` }],
      workItems: found
        .slice(0, top === null ? undefined : Number(top))
        .map(({ id }) => ({ id, url: `${this.base()}/_apis/wit/workItems/${id}` })),
    };
  }

  private meets(item: Item, condition: Condition, by: StandInPerson, precise: boolean): boolean {
    const type = fieldByName.get(condition.field.toLowerCase())?.type ?? 'string';
    return holds(condition, this.comparable(item, condition.field), type, by.uniqueName, precise);
  }

  private comparable(item: Item, field: string): unknown {
    if (field === 'System.Id') return item.id;
    if (field === 'System.ChangedDate') return item.revisions.at(-1)?.at;
    const value = item.fields[field];
    return fieldByName.get(field.toLowerCase())?.isIdentity ? (value as StandInPerson | undefined)?.uniqueName : value;
  }

  // --- writing ---

  create(
    project: string,
    typeName: string,
    operations: PatchOperation[],
    query: Query,
    by: StandInPerson,
    now: number,
  ) {
    const owner = this.project(project);
    const type = this.type(typeName);
    if (type.isDisabled) throw bad(`VS403074: The work item type ${type.name} is disabled.`, 'RuleValidationException');
    const blank: Item = {
      id: -1,
      fields: { 'System.TeamProject': owner.name, 'System.WorkItemType': type.name },
      relations: [],
      markdown: new Set(),
      revisions: [],
      updates: [],
      deleted: false,
    };
    const item = applied(operations, blank, owner, type, this.context(query, by, now));
    item.id = query.get('validateOnly') === 'true' ? -1 : this.state.nextId++;
    if (item.id > 0) this.state.items.set(item.id, item);
    this.revise(item, blank, by, now, item.id > 0);
    return this.shown(item, false);
  }

  update(id: number, operations: PatchOperation[], query: Query, by: StandInPerson, now: number) {
    const item = this.state.item(id);
    if (!item) throw notFound(id);
    const owner = this.project(String(item.fields['System.TeamProject']));
    const type = this.type(String(item.fields['System.WorkItemType']));
    const next = applied(operations, item, owner, type, this.context(query, by, now));
    if (!differs(item, next)) return this.shown(item, false);
    this.state.items.set(id, next);
    this.revise(next, item, by, now, true);
    this.adopt(next, item, by);
    return this.shown(next, false);
  }

  remove(id: number, now: number, by: StandInPerson) {
    const item = this.state.item(id);
    if (!item) throw notFound(id);
    item.deleted = true;
    return {
      id,
      code: 200,
      deletedBy: by.uniqueName,
      deletedDate: time(now),
      name: String(item.fields['System.Title']),
      project: String(item.fields['System.TeamProject']),
      type: String(item.fields['System.WorkItemType']),
      url: `${this.base()}/_apis/wit/recyclebin/${id}`,
    };
  }

  /** Several writes, each with an answer of its own. */
  several(
    body: unknown,
    by: StandInPerson,
    check: (method: string, uri: string, contentType: string, body: unknown, status: number, answer: unknown) => void,
  ) {
    if (!Array.isArray(body) || body.length === 0)
      throw bad('VS403393: The batch is not valid', 'InvalidBatchWorkItemUpdateJsonException');
    if (body.length > MOST_IN_BATCH)
      throw bad(`VS403394: A batch has ${MOST_IN_BATCH} requests at most`, 'InvalidBatchWorkItemUpdateJsonException');
    const now = this.now();
    const undo = this.state.backUp();
    const temporary = new Set<number>();
    const answers = body.map(
      (one: { method: string; uri: string; headers?: Record<string, string>; body: PatchOperation[] }) => {
        const contentType = one.headers?.['Content-Type'] ?? '';
        try {
          if (one.method !== 'PATCH') throw bad('VS403393: only PATCH', 'InvalidBatchWorkItemUpdateJsonException');
          if (contentType !== 'application/json-patch+json')
            throw new ApiError(
              415,
              'VssRequestContentTypeNotSupportedException',
              `VS403415: ${contentType} is not supported`,
            );
          const url = new URL(one.uri, 'http://batch');
          const operations = withoutTemporaryId(one.body, url.pathname, temporary);
          const answer = this.write(decodeURIComponent(url.pathname), operations, url.searchParams, by, now);
          check(one.method, one.uri, contentType, one.body, 200, answer);
          return {
            code: 200,
            headers: { 'Content-Type': 'application/json; charset=utf-8' },
            body: JSON.stringify(answer),
          };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return {
            code: error.status,
            headers: { 'Content-Type': 'application/json; charset=utf-8' },
            body: JSON.stringify(error.batchBody()),
          };
        }
      },
    );
    if (!this.options.batchAllOrNothing || answers.every(({ code }) => code === 200)) return wrapped(answers);
    undo();
    const lost = JSON.stringify(
      bad('VS403396: The batch was rolled back, since another request in it failed.').batchBody(),
    );
    return wrapped(answers.map((answer) => (answer.code === 200 ? { ...answer, code: 400, body: lost } : answer)));
  }

  private write(path: string, operations: PatchOperation[], query: Query, by: StandInPerson, now: number) {
    if (!query.has('api-version'))
      throw bad('No api-version was supplied for the "PATCH" request.', 'VssVersionNotSpecifiedException');
    const create = /^\/([^/]+)\/_apis\/wit\/workitems\/\$([^/]+)$/i.exec(path);
    if (create?.[1] && create[2]) return this.create(create[1], create[2], operations, query, by, now);
    // with a project in front the service finds nothing
    const update = /^\/_apis\/wit\/workitems\/(\d+)$/i.exec(path);
    if (update) return this.update(Number(update[1]), operations, query, by, now);
    throw bad(`VS403393: ${path} cannot be in a batch`, 'InvalidBatchWorkItemUpdateJsonException');
  }

  private context(query: Query, by: StandInPerson, now: number) {
    const bypassRules = query.get('bypassRules') === 'true';
    return { state: this.state, by, now, bypassRules, markdown: this.options.markdown !== false };
  }

  private revise(item: Item, before: Item, by: StandInPerson, now: number, kept: boolean): void {
    item.fields['System.HyperLinkCount'] = item.relations.filter(({ rel }) => rel === 'Hyperlink').length;
    item.fields['System.RelatedLinkCount'] = item.relations.filter(({ rel }) => rel.startsWith('System.')).length;
    const parent = item.relations.find(({ rel }) => rel === 'System.LinkTypes.Hierarchy-Reverse');
    if (parent) item.fields['System.Parent'] = Number(parent.url.split('/').at(-1));
    else delete item.fields['System.Parent'];
    // times of one work item always increase
    const at = Math.max(now, (item.revisions.at(-1)?.at ?? 0) + 1);
    const parentBefore = before.fields['System.Parent'];
    const parentNow = item.fields['System.Parent'];
    if (parentBefore !== parentNow && kept) {
      if (parentBefore !== undefined) this.noteLink(Number(parentBefore), item.id, at, false);
      if (parentNow !== undefined) this.noteLink(Number(parentNow), item.id, at, true);
    }
    if (item.fields['System.State'] !== before.fields['System.State']) {
      item.fields['Microsoft.VSTS.Common.StateChangeDate'] = at;
      item.fields['System.Reason'] = `Moved to state ${String(item.fields['System.State'])}`;
    }
    const rev = item.revisions.length + 1;
    const fields = { ...item.fields };
    item.revisions = [
      ...item.revisions,
      {
        rev,
        watermark: kept ? ++this.state.watermark : 0,
        at,
        by,
        fields,
        ...(this.withholding ? { withheld: true } : {}),
      },
    ];
    const changed: Item['updates'][number]['fields'] = {
      'System.Rev': { oldValue: rev - 1 || undefined, newValue: rev },
      'System.ChangedDate': { newValue: at },
      'System.ChangedBy': { newValue: by },
    };
    for (const id of new Set([...Object.keys(before.fields), ...Object.keys(fields)])) {
      if (JSON.stringify(before.fields[id]) === JSON.stringify(fields[id]) && before.revisions.length > 0) continue;
      changed[id] = {
        ...(before.revisions.length > 0 ? { oldValue: before.fields[id] } : {}),
        newValue: fields[id],
      };
    }
    item.updates = [...item.updates, { id: item.updates.length + 1, rev, at, by, fields: changed }];
    this.last = at;
  }

  /** Children that were added here: their parent changes, but not their revision. */
  private adopt(item: Item, before: Item, by: StandInPerson): void {
    const known = new Set(before.relations.map(({ url }) => url));
    const at = item.revisions.at(-1)?.at ?? 0;
    for (const { rel, url } of item.relations) {
      const child =
        rel.endsWith('Hierarchy-Forward') && !known.has(url)
          ? this.state.item(Number(url.split('/').at(-1)))
          : undefined;
      const last = child?.revisions.at(-1);
      if (!child || !last) continue;
      child.relations.push({
        rel: 'System.LinkTypes.Hierarchy-Reverse',
        url: `${this.base()}/_apis/wit/workItems/${item.id}`,
        attributes: {},
      });
      child.fields['System.Parent'] = item.id;
      last.fields['System.Parent'] = item.id;
      child.updates.push({
        id: child.updates.length + 1,
        rev: last.rev,
        at,
        by,
        fields: { 'System.Parent': { newValue: item.id } },
      });
      this.noteLink(item.id, child.id, at, true);
    }
  }

  private noteLink(parent: number, child: number, at: number, active: boolean): void {
    const watermark = (this.state.links.at(-1)?.watermark ?? 0) + 1;
    this.state.links.push({ watermark, parent, child, at, active });
  }

  get lastChange(): number {
    return this.last;
  }
}

/** Without trailing zeros, as the service writes times. */
export const time = (ms: number): string => new Date(ms).toISOString().replace(/\.?0+Z$/, 'Z');

/** New work items in a batch are told apart by negative numbers; one without counts as -1. */
function withoutTemporaryId(operations: PatchOperation[], path: string, known: Set<number>): PatchOperation[] {
  if (!path.includes('$')) return operations;
  const [first, ...others] = operations;
  const given = first?.op === 'add' && first.path === '/id';
  const id = given ? Number(first.value) : -1;
  if (!Number.isInteger(id) || id >= 0) throw bad(`VS403395: ${id} is no temporary id`);
  if (known.has(id)) throw bad(`VS403395: The temporary id ${id} is there twice`);
  known.add(id);
  return given ? others : operations;
}
