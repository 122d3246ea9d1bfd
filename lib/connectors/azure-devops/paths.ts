/**
 * Paths in the trees of areas and iterations. A path that is missing is refused, or its nodes are made, as the system
 * node says (https://learn.microsoft.com/rest/api/azure/devops/wit/classification-nodes/create-or-update).
 */

import { SyncError } from '../../model/errors';
import type { AzureDevOpsApi } from './api';
import { DEEPEST, LASTING_MS, type Metadata, type ProjectInfo, type TreeNode } from './metadata';
import { isNodeName, PATH } from './rules';

export type Tree = 'areas' | 'iterations';

const WORD: Record<Tree, string> = { areas: 'area', iterations: 'iteration' };

export class Paths {
  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
    private readonly create: boolean,
  ) {}

  /**
   * The path as the project has it. A node that was renamed since is found by its id; a path without the project's name in
   * front gets it.
   * @throws SyncError invalid – there is no such path, or it cannot be made
   */
  async resolve(project: ProjectInfo, tree: Tree, wanted: { id?: string; name?: string }): Promise<string> {
    const path = withRoot(project.name, wanted.name ?? '');
    const known = await this.find(project, tree, wanted.id, path, LASTING_MS);
    if (known) return known.path;
    const now = await this.find(project, tree, wanted.id, path, 0);
    if (now) return now.path;
    if (!this.create || wanted.name === undefined) {
      const words = `Project ${project.name} has no ${WORD[tree]} "${wanted.name ?? wanted.id}"`;
      throw new SyncError('invalid', `${words}; create it there, or let the system node create missing paths`);
    }
    await this.make(project, tree, path);
    return path;
  }

  private async find(
    project: ProjectInfo,
    tree: Tree,
    id: string | undefined,
    path: string,
    maxAgeMs: number,
  ): Promise<TreeNode | undefined> {
    const nodes = (await this.metadata.trees(project.id, maxAgeMs))[tree];
    const named = nodes.find((node) => node.path.toLowerCase() === path.toLowerCase());
    return named ?? (id === undefined ? undefined : nodes.find((node) => node.id === id));
  }

  private async make(project: ProjectInfo, tree: Tree, path: string): Promise<void> {
    const nodes = (await this.metadata.trees(project.id))[tree];
    const known = new Set(nodes.map((node) => node.path.toLowerCase()));
    const names = path.split('\\');
    const bad = names.slice(1).find((name) => !isNodeName(name));
    if (bad !== undefined) {
      const words = `"${bad}" cannot be the name of an ${WORD[tree]}: it is reserved, too long, or ${PATH.says}`;
      throw new SyncError('invalid', words);
    }
    if (names.length > DEEPEST || path.length > (PATH.maxLength ?? 0)) {
      throw new SyncError(
        'invalid',
        `The ${WORD[tree]} "${path.slice(0, 60)}…" is too long or has more than ${DEEPEST} levels`,
      );
    }
    for (let depth = 1; depth < names.length; depth++) {
      if (
        known.has(
          names
            .slice(0, depth + 1)
            .join('\\')
            .toLowerCase(),
        )
      )
        continue;
      const parent = names.slice(1, depth).map(encodeURIComponent);
      const url = [`${project.id}/_apis/wit/classificationnodes/${tree}`, ...parent].join('/');
      try {
        await this.api.json('POST', url, { body: { name: names[depth] } });
      } catch (thrown) {
        // somebody else made it a moment ago
        if (!(thrown instanceof SyncError) || thrown.kind !== 'conflict') throw thrown;
      }
    }
    this.metadata.forgetTrees(project.id);
  }
}

/** `Web` and `\Fabrikam\Area\Web` as `Fabrikam\Web`. */
function withRoot(project: string, path: string): string {
  const names = path.split('\\').filter((name, index) => name !== '' || index > 0);
  if (names[0]?.toLowerCase() === project.toLowerCase()) return [project, ...names.slice(1)].join('\\');
  return names.length === 0 || path === '' ? project : [project, ...names].join('\\');
}
