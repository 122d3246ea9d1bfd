/** What the stand-in says of itself: projects, teams, people, types, fields and trees. */

import { ApiError } from './answer';
import { bad, type Core, type Query, wrapped } from './core';
import { RELATION_TYPES } from './links';
import { identity, identityRef, PEOPLE, present, type StandInPerson } from './people';
import { FIELDS, fieldByName, TYPES, type TypeDefinition } from './process';
import type { Node } from './state';

export class Structure {
  constructor(private readonly core: Core) {}

  project(name: string) {
    const { id, name: shown } = this.core.project(name);
    return {
      id,
      name: shown,
      url: `${this.core.base()}/_apis/projects/${id}`,
      state: 'wellFormed',
      revision: 1,
      visibility: 'private',
      lastUpdateTime: '2024-01-01T00:00:00Z',
    };
  }

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
    return wrapped(present().map((one) => ({ isTeamAdmin: false, identity: identityRef(one, this.core.base()) })));
  }

  identities(query: Query) {
    const ids = query.get('identityIds');
    if (ids !== null) {
      const asked = ids.toLowerCase().split(',');
      return wrapped(PEOPLE.filter((one) => asked.includes(identity(one).id.toLowerCase())).map(identity));
    }
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

  private typesOf(project: string): TypeDefinition[] {
    const { gone } = this.core.project(project);
    return TYPES.filter(({ name }) => !gone.has(name.toLowerCase()));
  }

  types(project: string) {
    return wrapped(this.typesOf(project).map((type) => this.typeShown(type)));
  }

  type(project: string, name: string) {
    return this.typeShown(this.core.type(name, this.core.project(project)));
  }

  states(project: string, name: string) {
    const { states } = this.core.type(name, this.core.project(project));
    return wrapped(states.map((state) => ({ ...state, color: 'b2b2b2' })));
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
    const types = this.typesOf(project);
    const hidden = types
      .filter((type) => type.hidden)
      .map(({ name }) => ({
        name,
        url: `${this.core.base()}/types/${name}`,
      }));
    const shown = types
      .filter((type) => !type.hidden)
      .map(({ name }) => ({
        name,
        url: `${this.core.base()}/types/${name}`,
      }));
    return wrapped([
      { name: 'Requirement Category', referenceName: 'Microsoft.RequirementCategory', workItemTypes: shown },
      { name: 'Hidden Types Category', referenceName: 'Microsoft.HiddenCategory', workItemTypes: hidden },
    ]);
  }

  typeFields(project: string, type: string, query: Query) {
    // by name, and by number: 1 = allowedValues, 3 = all
    const expand = (query.get('$expand') ?? 'none').toLowerCase();
    const withValues = /^(allowedvalues|all|1|3)$/.test(expand);
    return wrapped(
      this.core
        .type(type, this.core.project(project))
        .fields.map(({ referenceName, alwaysRequired, allowedValues, defaultValue }) => ({
          referenceName,
          name: fieldByName.get(referenceName.toLowerCase())?.name ?? referenceName,
          url: `${this.core.base()}/_apis/wit/fields/${referenceName}`,
          alwaysRequired: alwaysRequired === true,
          defaultValue: defaultValue ?? null,
          ...(withValues ? { allowedValues: allowedValues ?? [] } : {}),
        })),
    );
  }

  typeField(project: string, type: string, field: string, query: Query) {
    const same = (text: string) => text.toLowerCase() === field.toLowerCase();
    const found = this.typeFields(project, type, query).value.find((one) => same(one.referenceName) || same(one.name));
    if (found) return found;
    throw noField(field);
  }

  field(name: string) {
    const same = (text: string) => text.toLowerCase() === name.toLowerCase();
    const found = this.fields().value.find((one) => same(one.referenceName) || same(one.name));
    if (found) return found;
    throw noField(name);
  }

  tags(project: string) {
    const { name } = this.core.project(project);
    const found = new Set<string>();
    for (const item of this.core.state.items.values()) {
      if (item.fields['System.TeamProject'] !== name) continue;
      for (const { fields } of item.revisions)
        for (const tag of String(fields['System.Tags'] ?? '').split('; ')) if (tag) found.add(tag);
    }
    return wrapped(
      [...found].sort().map((tag) => ({
        id: `7a6${Buffer.from(tag).toString('hex').padEnd(5, '0').slice(0, 5)}-0000-4000-8000-000000000000`,
        name: tag,
        url: `${this.core.base()}/${project}/_apis/wit/tags/${encodeURIComponent(tag)}`,
      })),
    );
  }

  relationTypes() {
    return wrapped(
      RELATION_TYPES.map((one) => ({
        ...one,
        url: `${this.core.base()}/_apis/wit/workItemRelationTypes/${one.referenceName}`,
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

  /** Of an area or iteration, by its path without the project: `Release 1/Sprint 1`, or with backslashes. */
  private find(project: string, tree: string, path: string) {
    const { areas, iterations } = this.core.project(project);
    const root = isArea(tree) ? areas : iterations;
    const names = path.split(/[\\/]/).filter(Boolean);
    const parent = this.core.state.nodeOf(root, [root.name, ...names.slice(0, -1)].join('\\'));
    const node = names.length === 0 ? root : this.core.state.nodeOf(root, [root.name, ...names].join('\\'));
    if (!node || !parent)
      throw new ApiError(404, 'WorkItemTrackingTreeNodeNotFoundException', `VS402485: The node ${path} is not there.`);
    return { node, parent, root };
  }

  node(project: string, tree: string, path: string, query: Query) {
    return this.nodeShown(this.find(project, tree, path).node, kindOf(tree), Number(query.get('$depth') ?? 0));
  }

  addNode(project: string, tree: string, path: string, body: unknown) {
    const { node: parent } = this.find(project, tree, path);
    const name = nameOf(body);
    checkNodeName(name);
    if (parent.children.some((child) => child.name.toLowerCase() === name.toLowerCase())) {
      const words = `VS402371: Classification node name ${name} is already in use by a different node.`;
      throw new ApiError(409, 'ClassificationNodeDuplicateNameException', words);
    }
    return this.nodeShown(this.core.state.addNode(parent, name), kindOf(tree), 0);
  }

  /** A new name: all work items show it at once. */
  renameNode(project: string, tree: string, path: string, body: unknown) {
    const { node, root } = this.find(project, tree, path);
    const name = nameOf(body);
    checkNodeName(name);
    const names = path.split(/[\\/]/).filter(Boolean);
    const was = [root.name, ...names].join('\\');
    node.name = name;
    const is = [root.name, ...names.slice(0, -1), name].join('\\');
    const field = isArea(tree) ? 'System.AreaPath' : 'System.IterationPath';
    for (const { fields, revisions } of this.core.state.items.values())
      for (const shown of [fields, ...revisions.map((one) => one.fields)]) {
        const held = String(shown[field]);
        if (held === was || held.startsWith(`${was}\\`)) shown[field] = is + held.slice(was.length);
      }
    return this.nodeShown(node, kindOf(tree), 0);
  }

  removeNode(project: string, tree: string, path: string): undefined {
    const { node, parent } = this.find(project, tree, path);
    if (node === parent) throw bad('VS402377: The root cannot be deleted');
    parent.children = parent.children.filter((child) => child !== node);
  }
}

const isArea = (tree: string): boolean => tree.toLowerCase() === 'areas';
const kindOf = (tree: string): 'area' | 'iteration' => (isArea(tree) ? 'area' : 'iteration');
const nameOf = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'name' in body ? String(body.name) : '';
const noField = (name: string) =>
  new ApiError(404, 'WorkItemTrackingFieldDefinitionNotFoundException', `TF51535: Cannot find field ${name}.`);

/** https://learn.microsoft.com/azure/devops/organizations/settings/about-areas-iterations#naming-restrictions */
function checkNodeName(name: string): void {
  const reserved = /^(\.{1,2}|PRN|AUX|NUL|CON|COM([1-9]|10)|LPT[1-9])$/i.test(name);
  if (name.trim() === '' || name.length > 255 || reserved || /[\\/:*?"<>|#$&+\p{Cc}]/u.test(name)) {
    const words = `VS402371: Classification node name ${name} contains invalid characters, is reserved or too long.`;
    throw bad(words, 'ClassificationNodeInvalidNameException');
  }
}
