/** What a row does where both sides changed its field; `merge` is offered where it makes sense, with its second choice. */

import type { ConflictPolicy, FallbackPolicy } from '../../../lib/model/config';
import { labelledSelect } from './rows';
import { m } from './text';

export interface ConflictSettings {
  conflict?: ConflictPolicy;
  fallback?: FallbackPolicy;
}

export interface ConflictChoice {
  /** The fields are other ones now. */
  refresh(): void;
}

const POLICIES: FallbackPolicy[] = ['newest', 'system1', 'system2', 'park'];

/**
 * @param settings what is chosen; changed in place
 * @param mergeable whether the row's fields can be merged, asked whenever it may have changed
 */
export function conflictChoice(
  container: JQuery,
  settings: ConflictSettings,
  mergeable: () => boolean,
  onChange: () => void,
): ConflictChoice {
  const options = (keys: string[]): { value: string; label: string }[] =>
    keys.map((value) => ({ value, label: m(`conflict.${value || 'preset'}`) }));
  const all: ConflictPolicy[] = ['merge', ...POLICIES];
  const conflict = labelledSelect(
    container,
    m('conflict.label'),
    options(['', ...all]),
    settings.conflict ?? '',
    (value) => {
      settings.conflict = all.find((policy) => policy === value);
      if (settings.conflict !== 'merge') settings.fallback = undefined;
      refresh();
      onChange();
    },
  );
  const fallback = labelledSelect(
    container,
    m('conflict.fallback'),
    options(POLICIES),
    settings.fallback ?? 'newest',
    (value) => {
      const chosen = POLICIES.find((policy) => policy === value);
      settings.fallback = chosen === 'newest' ? undefined : chosen;
      onChange();
    },
  );
  const hint = $('<div style="grid-column: 1 / -1; font-size: 90%">').text(m('conflict.mergeHint')).appendTo(container);
  const merge = conflict.find('option[value="merge"]').detach();
  const refresh = (): void => {
    const merges = settings.conflict === 'merge';
    // one that was chosen before the fields were changed stays to be seen
    if (merges || mergeable()) merge.insertAfter(conflict.find('option').first());
    else merge.detach();
    conflict.val(settings.conflict ?? '');
    fallback.closest('label').toggle(merges);
    hint.toggle(merges);
  };
  refresh();
  return { refresh };
}
