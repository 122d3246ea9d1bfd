/**
 * Paths in the trees of areas and iterations. A change with a missing path is rejected, or its nodes are created,
 * according to the system node
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/classification-nodes/create-or-update).
 */

import { asSyncError } from '../../model/errors';
import { isSameText } from '../kit/people';
import { Problem } from '../kit/wanted';
import type { AzureDevOpsApi } from './api';
import { DEEPEST, LASTING_MS, type Metadata, type ProjectInfo } from './metadata';
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
   * The path in the project. A node that was renamed since is found by its id. The project's name is added in front if
   * it is missing.
   * @throws Problem if there is no such path, or it cannot be created
   */
  async resolve(project: ProjectInfo, tree: Tree, wanted: { id?: string; name?: string }): Promise<string> {
    const path = withRoot(project.name, wanted.name ?? '');
    for (const maxAgeMs of [LASTING_MS, 0]) {
      const nodes = (await this.metadata.trees(project.id, maxAgeMs))[tree];
      const named = nodes.find((node) => isSameText(node.path, path));
      const known = named ?? nodes.find(({ id }) => id === wanted.id);
      if (known) return known.path;
    }
    if (!this.create || wanted.name === undefined) {
      const words = `Project ${project.name} has no ${WORD[tree]} "${wanted.name ?? wanted.id}"`;
      throw new Problem(`${words}; create it there, or let the system node create missing paths`);
    }
    await this.make(project, tree, path);
    return path;
  }

  private async make(project: ProjectInfo, tree: Tree, path: string): Promise<void> {
    const nodes = (await this.metadata.trees(project.id))[tree];
    const known = new Set(nodes.map((node) => node.path.toLowerCase()));
    const names = path.split('\\');
    const bad = names.slice(1).find((name) => !isNodeName(name));
    if (bad !== undefined) {
      const words = `"${bad}" cannot be the name of an ${WORD[tree]}: it is reserved, too long, or ${PATH.says}`;
      throw new Problem(words);
    }
    if (names.length > DEEPEST || path.length > (PATH.maxLength ?? 0)) {
      throw new Problem(`The ${WORD[tree]} "${path.slice(0, 60)}…" is too long or has more than ${DEEPEST} levels`);
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
        const { kind, message } = asSyncError(thrown);
        if (kind === 'invalid') throw new Problem(message);
        // somebody else created it a moment ago
        if (kind !== 'conflict') throw thrown;
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
