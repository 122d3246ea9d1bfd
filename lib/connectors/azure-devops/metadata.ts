/**
 * An organization's structure: projects, work item types with states and transitions, fields, area and iteration trees.
 * Forms see it at most a minute old. Reading and writing use data up to an hour old, and read it again if something
 * unknown appears.
 */

import { asSyncError, SyncError } from '../../model/errors';
import { Cache } from '../kit/metadata';
import { isSameText } from '../kit/people';
import type { AzureDevOpsApi } from './api';
import { type FieldInfo, type FieldRules, fieldInfo, HISTORY } from './field-types';
import { linkFields } from './links';
import { isJson, type Json, listOf, textOf } from './shapes';

export const FRESH_MS = 60_000;
export const LASTING_MS = 3_600_000;

export interface ProjectInfo {
  /** GUID: stays when the project is renamed */
  id: string;
  name: string;
}

export interface TypeInfo {
  /** the name: work items carry it, and it is the same in all projects of a process */
  name: string;
  states: string[];
  /** from a state ('' = new) to the possible next ones; undefined if the process does not say */
  transitions: Map<string, string[]> | undefined;
}

export interface TreeNode {
  id: string;
  /** as in work items: `Fabrikam\Web` */
  path: string;
}

const PROJECT_PAGE = 500;
/** https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits: 14 levels */
export const DEEPEST = 14;

export class Metadata {
  private readonly projectList = new Cache<ProjectInfo[]>();
  private readonly typeLists = new Cache<TypeInfo[]>();
  private readonly rawFields = new Cache<Map<string, Json>>();
  private readonly typeFields = new Cache<FieldInfo[]>();
  private readonly linkTypes = new Cache<FieldInfo[]>();
  private readonly treeLists = new Cache<Record<'areas' | 'iterations', TreeNode[]>>();
  /** fields in work items that their type does not list (columns of boards): no reason to read again */
  private readonly strays = new Set<string>();
  /** names of projects that were not found */
  private readonly unseen = new Set<string>();

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly rules: FieldRules,
  ) {}

  projects(maxAgeMs = FRESH_MS): Promise<ProjectInfo[]> {
    return this.projectList.within('', maxAgeMs, async () => {
      const found = await this.api.all('_apis/projects', { stateFilter: 'wellFormed' }, PROJECT_PAGE);
      return found.map(({ id, name }) => ({ id: textOf(id) ?? '', name: textOf(name) ?? '' }));
    });
  }

  /** Ids of projects by name, lower case. An unknown name may be a new one of a known project: it is looked up once. */
  async idsOf(names: ReadonlySet<string>): Promise<Map<string, string>> {
    const read = async (maxAgeMs: number) =>
      new Map((await this.projects(maxAgeMs)).map(({ id, name }) => [name.toLowerCase(), id]));
    const known = await read(LASTING_MS);
    const unknown = [...names].filter((name) => !known.has(name.toLowerCase()));
    const isNew = unknown.some((name) => !this.unseen.has(name));
    for (const name of unknown) this.unseen.add(name);
    return unknown.length === 0 ? known : read(isNew ? 0 : FRESH_MS);
  }

  /** By id or name. @throws notFound */
  async project(id: string): Promise<ProjectInfo> {
    const same = (one: ProjectInfo) => one.id === id || isSameText(one.name, id);
    const known = (await this.projects(LASTING_MS)).find(same) ?? (await this.projects()).find(same);
    if (known) return known;
    const words = `Azure DevOps shows this account no project "${id}": check project and permissions`;
    throw new SyncError('notFound', words);
  }

  /** Types that users can create: without disabled ones and those of the hidden category (test plumbing, reviews). */
  types(project: ProjectInfo, maxAgeMs = FRESH_MS): Promise<TypeInfo[]> {
    return this.typeLists.within(project.id, maxAgeMs, async () => {
      const types = listOf(await this.api.json('GET', `${project.id}/_apis/wit/workitemtypes`));
      const categories = listOf(await this.api.json('GET', `${project.id}/_apis/wit/workitemtypecategories`));
      const hidden = categories.find(({ referenceName }) => referenceName === 'Microsoft.HiddenCategory');
      const hiddenNames = new Set(listOf(hidden, 'workItemTypes').map(({ name }) => textOf(name)));
      return types.filter(({ isDisabled, name }) => isDisabled !== true && !hiddenNames.has(textOf(name))).map(typeOf);
    });
  }

  /** @throws notFound if there is no such project, or its process has no such type */
  async type(project: string, type: string, maxAgeMs = LASTING_MS): Promise<{ project: ProjectInfo; type: TypeInfo }> {
    const info = await this.project(project);
    const same = (one: TypeInfo) => isSameText(one.name, type);
    const found = (await this.types(info, maxAgeMs)).find(same) ?? (await this.types(info)).find(same);
    if (found) return { project: info, type: found };
    throw new SyncError('notFound', `Project ${info.name} has no work item type "${type}"`);
  }

  /** The fields of a type, without comments. @throws notFound */
  fields(project: string, type: string, maxAgeMs = LASTING_MS): Promise<FieldInfo[]> {
    return this.typeFields.within(`${project}/${type}`, maxAgeMs, async () => {
      const path = `${encodeURIComponent(project)}/_apis/wit/workitemtypes/${encodeURIComponent(type)}/fields`;
      const list = listOf(await this.withValues(path));
      const raw = await this.allFields(maxAgeMs);
      const infos = list.map((json) => fieldInfo(json, raw.get(textOf(json.referenceName) ?? '') ?? {}, this.rules));
      for (const { id, name } of infos) this.api.names.set(name.toLowerCase(), id);
      return [...infos.filter(({ id }) => id !== HISTORY), ...(await this.links(maxAgeMs))];
    });
  }

  /** The ends of all link types. */
  private links(maxAgeMs: number): Promise<FieldInfo[]> {
    return this.linkTypes.within('', maxAgeMs, async () =>
      linkFields(listOf(await this.api.json('GET', '_apis/wit/workitemrelationtypes'))),
    );
  }

  /** An account with few permissions may see fields but not their lists: those are then texts, and the process
   * checks them. */
  private withValues(path: string): Promise<Json> {
    return this.api.json('GET', path, { query: { $expand: 'allowedValues' } }).catch((thrown: unknown) => {
      const { kind } = asSyncError(thrown);
      if (kind !== 'auth' && kind !== 'forbidden') throw thrown;
      return this.api.json('GET', path);
    });
  }

  /** The fields for reading values: read again if a work item has an unknown one. */
  async fieldsFor(project: string, type: string, shown: Json): Promise<FieldInfo[]> {
    const known = await this.fields(project, type);
    const ids = new Set(known.map(({ id }) => id));
    const strange = Object.keys(shown).filter((id) => !ids.has(id) && id !== HISTORY && !this.strays.has(id));
    if (strange.length === 0) return known;
    for (const id of strange) this.strays.add(id);
    return this.fields(project, type, FRESH_MS);
  }

  private allFields(maxAgeMs: number): Promise<Map<string, Json>> {
    return this.rawFields.within('', maxAgeMs, async () => {
      const list = listOf(await this.api.json('GET', '_apis/wit/fields'));
      return new Map(list.map((field) => [textOf(field.referenceName) ?? '', field]));
    });
  }

  /** Areas and iterations, parents first. One request for both. */
  trees(project: string, maxAgeMs = FRESH_MS): Promise<Record<'areas' | 'iterations', TreeNode[]>> {
    return this.treeLists.within(project, maxAgeMs, async () => {
      const path = `${encodeURIComponent(project)}/_apis/wit/classificationnodes`;
      const roots = listOf(await this.api.json('GET', path, { query: { $depth: DEEPEST } }));
      const tree = (kind: string) =>
        roots.filter(({ structureType }) => structureType === kind).flatMap((root) => nodesOf(root, ''));
      return { areas: tree('area'), iterations: tree('iteration') };
    });
  }

  /** Twinflow has changed the tree. */
  forgetTrees(project: string): void {
    this.treeLists.forget(project);
  }
}

function typeOf(json: Json): TypeInfo {
  const states = listOf(json, 'states').flatMap(({ name }) => textOf(name) ?? []);
  const table = isJson(json.transitions) ? json.transitions : undefined;
  const transitions =
    table &&
    new Map(Object.keys(table).map((from) => [from, listOf(table, from).flatMap(({ to }) => textOf(to) ?? [])]));
  return { name: textOf(json.name) ?? '', states, transitions };
}

function nodesOf(json: Json, parent: string): TreeNode[] {
  const name = textOf(json.name) ?? '';
  const path = parent === '' ? name : `${parent}\\${name}`;
  return [{ id: textOf(json.id) ?? '', path }, ...listOf(json, 'children').flatMap((child) => nodesOf(child, path))];
}
