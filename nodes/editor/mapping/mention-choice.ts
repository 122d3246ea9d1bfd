/** How a row handles users mentioned in a rich text. Shown for rows with rich text on both sides. */

import { type FieldChoice, MENTION_POLICIES, type MentionPolicy } from '../../../lib/model/config';
import { labelledSelect } from './rows';
import { m } from './text';

export interface MentionChoice {
  /** The fields have changed. */
  refresh(): void;
}

const DEFAULT: MentionPolicy = 'new';

/**
 * @param settings the selection; changed in place
 * @param fields the row's fields, asked for whenever they may have changed
 */
export function mentionChoice(
  container: JQuery,
  settings: { mentions?: MentionPolicy },
  fields: () => { one?: FieldChoice; two?: FieldChoice },
  onChange: () => void,
): MentionChoice {
  const select = labelledSelect(
    container,
    m('mentions.label'),
    MENTION_POLICIES.map((value) => ({ value, label: m(`mentions.${value}`) })),
    settings.mentions ?? DEFAULT,
    (value) => {
      const chosen = MENTION_POLICIES.find((policy) => policy === value);
      settings.mentions = chosen === DEFAULT ? undefined : chosen;
      onChange();
    },
  );
  const hint = $('<div style="grid-column: 1 / -1; font-size: 90%">').text(m('mentions.hint')).appendTo(container);
  const refresh = (): void => {
    const { one, two } = fields();
    const isText = one?.type === 'richtext' && two?.type === 'richtext';
    select.closest('label').toggle(isText);
    hint.toggle(isText);
  };
  refresh();
  return { refresh };
}
