/** What the tab "Content" asks of comments alone: their author line, internal ones, and edits that the target does not allow. */

import { EDIT_POLICIES, INTERNAL_POLICIES, type PartPair } from '../../lib/model/config';
import { chosenPolicy, type PartRules, policyChoice } from './policies';

export class CommentRules implements PartRules<PartPair> {
  private readonly box: JQuery;
  private readonly authorLine: JQuery;
  private readonly internal: JQuery;
  private readonly edits: JQuery;

  constructor(
    section: JQuery,
    private readonly node: EditorNode,
    saved: PartPair,
  ) {
    this.box = $('<div class="twinflow-part-rules">').appendTo(section);
    this.authorLine = $('<input type="checkbox" class="twinflow-inline">').prop('checked', saved.authorLine !== false);
    $('<label>')
      .append(this.authorLine, $('<span>').text(this.words('authorLine.label')))
      .appendTo(this.box);
    this.internal = policyChoice(this.box, node, {
      ...{ name: 'internal', policies: INTERNAL_POLICIES, saved: saved.internal },
    });
    this.edits = policyChoice(this.box, node, { name: 'edits', policies: EDIT_POLICIES, saved: saved.edits });
  }

  show(isOn: boolean): void {
    this.box.toggle(isOn);
  }

  of({ authorLine: _line, internal: _internal, edits: _edits, ...pair }: PartPair): PartPair {
    const internal = chosenPolicy(INTERNAL_POLICIES, this.internal.val());
    const edits = chosenPolicy(EDIT_POLICIES, this.edits.val());
    return {
      ...pair,
      ...(this.authorLine.prop('checked') !== true && { authorLine: false }),
      ...(internal !== INTERNAL_POLICIES[0] && { internal }),
      ...(edits !== EDIT_POLICIES[0] && { edits }),
    };
  }

  private words(key: string): string {
    return this.node._(`integration.content.${key}`);
  }
}
