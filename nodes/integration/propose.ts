/** Proposes pairs of projects, and of item types, from the lists of both systems. */

import { proposeProjects, proposeTypes } from '../../lib/mapping/auto-map';
import type { Choice } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { atSide, SIDES } from '../../lib/model/sides';
import { type PairList, type SearchItem, say, words } from '../editor';

export interface ProposeOptions {
  node: EditorNode;
  what: 'projects' | 'types';
  list: PairList;
  load: (side: Side) => Promise<SearchItem[]>;
}

const PROPOSE = { projects: proposeProjects, types: proposeTypes } as const;

/** The button adds a row for each pair that probably belongs together and has no row yet. */
export function proposeOnPress({ node, what, list, load }: ProposeOptions): void {
  const button = $(`#twinflow-integration-propose-${what}`);
  const note = $(`#twinflow-integration-propose-${what}-note`);
  const propose = async (): Promise<void> => {
    say(note, 'plain', node._('integration.propose.asking'));
    const [ones, twos] = await Promise.all(SIDES.map((side) => load(side)));
    const pairs = list.pairs();
    const open = (items: SearchItem[] | undefined, side: Side): Choice[] => {
      const used = new Set(pairs.map((pair) => atSide(pair, side).id));
      return (items ?? []).filter(({ id }) => !used.has(id)).map(({ id, name }) => ({ id, name }));
    };
    const found = PROPOSE[what](open(ones, 1), open(twos, 2));
    list.add(found);
    const key = found.length === 0 ? 'nothing' : 'found';
    say(note, found.length === 0 ? 'plain' : 'good', node._(`integration.propose.${key}`, { count: found.length }));
  };
  button.on('click', () => {
    button.prop('disabled', true);
    propose()
      .catch((thrown: unknown) => say(note, 'bad', words(thrown)))
      .finally(() => button.prop('disabled', false));
  });
}
