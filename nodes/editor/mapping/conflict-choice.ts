/** A row's conflict rule. `merge` is offered if it makes sense, with its second choice. */

import { type ConflictPolicy, FALLBACK_POLICIES, type FallbackPolicy } from '../../../lib/model/config';
import { labelledSelect } from './rows';
import { m } from './text';

export interface ConflictSettings {
  conflict?: ConflictPolicy;
  fallback?: FallbackPolicy;
}

export interface ConflictChoice {
  /** The fields have changed. */
  refresh(): void;
}

/**
 * @param settings the selection; changed in place
 * @param mergeable whether the row's fields can be merged, asked whenever it may have changed
 */
export function conflictChoice(
  container: JQuery,
  settings: ConflictSettings,
  mergeable: () => boolean,
  onChange: () => void,
): ConflictChoice {
  const options = (keys: string[]): { value: string; label: string }[] =>
    keys.map((value) => ({ value, label: m(`conflict.${value || 'unset'}`) }));
  const all: ConflictPolicy[] = ['merge', ...FALLBACK_POLICIES];
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
    options([...FALLBACK_POLICIES]),
    settings.fallback ?? 'newest',
    (value) => {
      const chosen = FALLBACK_POLICIES.find((policy) => policy === value);
      settings.fallback = chosen === 'newest' ? undefined : chosen;
      onChange();
    },
  );
  const hint = $('<div style="grid-column: 1 / -1; font-size: 90%">').text(m('conflict.mergeHint')).appendTo(container);
  const merge = conflict.find('option[value="merge"]').detach();
  const refresh = (): void => {
    const merges = settings.conflict === 'merge';
    // an earlier selection stays visible after the fields were changed
    if (merges || mergeable()) merge.insertAfter(conflict.find('option').first());
    else merge.detach();
    conflict.val(settings.conflict ?? '');
    fallback.closest('label').toggle(merges);
    hint.toggle(merges);
  };
  refresh();
  return { refresh };
}
