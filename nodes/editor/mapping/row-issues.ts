/** Finds and shows what needs checking in a row of the field mapper. */

import { constantDrift, type Finding, fieldDrift, rowLabel } from '../../../lib/checks';
import type { KnownFields, RowIssue } from '../../../lib/mapping/coverage';
import type { FieldChoice, FieldRow } from '../../../lib/model/config';
import { remarkText } from './findings';
import { toolButton } from './rows';

/**
 * @param saved the row's saved fields, to see how they have changed
 * @param place the row's index in the list
 * @param issues the errors of the row in its current state
 */
export function rowFindings(
  row: FieldRow,
  saved: { one?: FieldChoice; two?: FieldChoice },
  place: number,
  issues: RowIssue[],
  known: KnownFields,
): Finding[] {
  const at = { row: place, label: rowLabel(row) };
  const { one, two } = saved;
  const drift = [...(one ? fieldDrift(one, 1, known.one, at) : []), ...(two ? fieldDrift(two, 2, known.two, at) : [])];
  // the drift check reports a missing field
  const told = drift.some(({ code }) => code === 'moved' || code === 'unknownField');
  const rest = issues.filter(({ code }) => code !== 'unknownField' || !told);
  const constant = constantDrift(row, at, { one: known.one, two: known.two });
  return [...drift, ...rest.map((issue): Finding => ({ ...at, ...issue, names: {} })), ...constant];
}

const ARROWS = { forward: '→', backward: '←' } as const;

export class RowIssues {
  /** in the row's line: everything as a tooltip, invisible if there is nothing */
  readonly button: JQuery;
  readonly list = $('<div class="twinflow-issues">');
  private shown: Finding[] = [];

  constructor(onPress: () => void) {
    this.button = toolButton('fa-exclamation-triangle', '', onPress);
  }

  present(): Finding[] {
    return this.shown;
  }

  areErrors(): boolean {
    return this.shown.some(({ level }) => level === 'error');
  }

  /** @param open the row shows its messages in words; otherwise they are the button's tooltip */
  show(issues: Finding[], open: boolean): void {
    this.shown = issues;
    const bad = this.areErrors();
    const texts = issues.map((issue) => {
      const arrow = issue.direction === undefined ? '' : `${ARROWS[issue.direction]} `;
      return `${arrow}${remarkText(issue)}`;
    });
    this.button
      .toggleClass('twinflow-quiet', issues.length === 0)
      .toggleClass('twinflow-error', bad)
      .toggleClass('twinflow-warn', !bad)
      .attr('data-count', issues.length > 1 ? String(issues.length) : null)
      .attr({ 'aria-label': texts.join('. '), title: texts.join('\n') })
      .prop('disabled', issues.length === 0);
    this.list.empty();
    issues.forEach(({ level }, index) => {
      if (!open) return;
      $('<div>')
        .addClass(level === 'error' ? 'twinflow-error' : 'twinflow-warn')
        .text(texts[index] ?? '')
        .appendTo(this.list);
    });
  }
}
