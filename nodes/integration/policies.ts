/** Choices of policies in the tab "Content". */

/** What is asked of the parts of one role alone. */
export interface PartRules<Pair> {
  /** Only while these parts are chosen. */
  show(isOn: boolean): void;
  /** The pair as it is chosen here; what is a default and was not there stays away. */
  of(pair: Pair): Pair;
}

/** @param name below `integration.content` in the locale files: `label`, and one text for each policy */
export function policyChoice(
  box: JQuery,
  node: EditorNode,
  { name, policies, saved }: { name: string; policies: readonly string[]; saved: string | undefined },
): JQuery {
  const words = (key: string): string => node._(`integration.content.${name}.${key}`);
  const label = $('<label class="twinflow-row">').appendTo(box);
  $('<span>').text(words('label')).appendTo(label);
  const select = $('<select>').appendTo(label);
  for (const policy of policies) $('<option>').val(policy).text(words(policy)).appendTo(select);
  return select.val(saved ?? policies[0] ?? '');
}

export const chosenPolicy = <Policy extends string>(policies: readonly Policy[], value: unknown): Policy | undefined =>
  policies.find((policy) => policy === value);
