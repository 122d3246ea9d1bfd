/** What the stand-in says of itself: projects, teams, people, types, fields and trees. */

import { ApiError } from './answer';
import { bad, type Core, type Query, wrapped } from './core';
import { identity, identityRef, PEOPLE, type StandInPerson } from './people';
import { FIELDS, fieldByName, TYPES, type TypeDefinition } from './process';
import type { Node } from './state';

export class Structure {
  constructor(private readonly core: Core) {}

  projects(query: Query) {
    const top = Number(query.get('$top') ?? 100);
    const skip = Number(query.get('$skip') ?? 0);
    const all = this.core.state.projects.map(({ id, name }) => ({
      id,
      name,
      url: `${this.core.base()}/_apis/projects/${id}`,
      state: 'wellFormed',
      revision: 1,
      visibility: 'private',
      lastUpdateTime: '2024-01-01T00:00:00Z',
    }));
    return wrapped(all.slice(skip, skip + top));
  }

  teams(project: string) {
    const { id, name } = this.core.project(project);
    return wrapped([
      { id: `${id.slice(0, 8)}-0000-4000-8000-000000000001`, name: `${name} Team`, projectId: id, projectName: name },
    ]);
  }

  members() {
    return wrapped(PEOPLE.map((one) => ({ isTeamAdmin: false, identity: identityRef(one, this.core.base()) })));
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
        url: `${this.core.base()}/_apis/wit/fields/${field.referenceName}`,
      })),
    );
  }

  types(project: string) {
    this.core.project(project);
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
      icon: { id: 'icon_book', url: `${this.core.base()}/_apis/wit/workItemIcons/icon_book` },
      isDisabled,
      states: states.map((state) => ({ ...state, color: 'b2b2b2' })),
      // null where nothing is to be done is how the service writes it; the description knows lists only
      transitions: Object.fromEntries(
        steps.map(([from, list]) => [from, (list as { to: string }[]).map(({ to }) => ({ to }))]),
      ),
    };
  }

  categories(project: string) {
    this.core.project(project);
    const hidden = TYPES.filter((type) => type.hidden).map(({ name }) => ({
      name,
      url: `${this.core.base()}/types/${name}`,
    }));
    const shown = TYPES.filter((type) => !type.hidden).map(({ name }) => ({
      name,
      url: `${this.core.base()}/types/${name}`,
    }));
    return wrapped([
      { name: 'Requirement Category', referenceName: 'Microsoft.RequirementCategory', workItemTypes: shown },
      { name: 'Hidden Types Category', referenceName: 'Microsoft.HiddenCategory', workItemTypes: hidden },
    ]);
  }

  typeFields(project: string, type: string, query: Query) {
    this.core.project(project);
    const expand = (query.get('$expand') ?? 'none').toLowerCase();
    return wrapped(
      this.core.type(type).fields.map(({ referenceName, alwaysRequired, allowedValues, defaultValue }) => ({
        referenceName,
        name: fieldByName.get(referenceName.toLowerCase())?.name ?? referenceName,
        url: `${this.core.base()}/_apis/wit/fields/${referenceName}`,
        alwaysRequired: alwaysRequired === true,
        defaultValue: defaultValue ?? null,
        ...(expand === 'none' ? {} : { allowedValues: allowedValues ?? [] }),
      })),
    );
  }

  trees(project: string, query: Query) {
    const { areas, iterations } = this.core.project(project);
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
      url: `${this.core.base()}/nodes/${id}`,
    };
    if (depth === 0 || children.length === 0) return shown;
    return { ...shown, children: children.map((child) => this.nodeShown(child, kind, depth - 1)) };
  }

  addNode(project: string, tree: string, path: string, body: unknown) {
    const { areas, iterations } = this.core.project(project);
    const root = tree === 'areas' ? areas : iterations;
    const parent = path === '' ? root : this.core.state.nodeOf(root, [root.name, ...path.split('/')].join('\\'));
    const name = typeof body === 'object' && body !== null && 'name' in body ? String(body.name) : '';
    if (!parent)
      throw new ApiError(404, 'WorkItemTrackingTreeNodeNotFoundException', `VS402485: There is no node ${path}`);
    if (name === '' || /[\\/:*?"<>|]/.test(name)) throw bad(`VS402371: Classification node name ${name} is not valid`);
    if (parent.children.some((child) => child.name.toLowerCase() === name.toLowerCase())) {
      throw new ApiError(409, 'ClassificationNodeDuplicateNameException', `VS402371: There is a node ${name} already`);
    }
    return this.nodeShown(this.core.state.addNode(parent, name), tree === 'areas' ? 'area' : 'iteration', 0);
  }
}
