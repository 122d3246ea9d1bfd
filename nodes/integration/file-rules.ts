/** What the tab "Content" asks of attachments alone: what becomes of files that the target does not take. */

import { type PartPair, REFUSED_FILE_POLICIES } from '../../lib/model/config';
import { chosenPolicy, type PartRules, policyChoice } from './policies';

export class FileRules implements PartRules<PartPair> {
  private readonly box: JQuery;
  private readonly refused: JQuery;

  constructor(section: JQuery, node: EditorNode, saved: PartPair) {
    this.box = $('<div class="twinflow-part-rules">').appendTo(section);
    this.refused = policyChoice(this.box, node, {
      ...{ name: 'refused', policies: REFUSED_FILE_POLICIES, saved: saved.refused },
    });
  }

  show(isOn: boolean): void {
    this.box.toggle(isOn);
  }

  of({ refused: _refused, ...pair }: PartPair): PartPair {
    const refused = chosenPolicy(REFUSED_FILE_POLICIES, this.refused.val());
    return { ...pair, ...(refused !== REFUSED_FILE_POLICIES[0] && { refused }) };
  }
}
