/** A finding as a sentence, for forms and nodes alike, in the caller's language. */

import type { Finding } from './finding';

/** A text of the `mapping` catalogue, as `issue.renamed` or `type.text`. */
export type Say = (key: string, variables: Record<string, string>) => string;

const ARROWS = { forward: '→', backward: '←' } as const;

/** The problem, without its place. */
export function remark({ code, names }: Finding, say: Say): string {
  const variables = Object.entries(names).map(([key, value]): [string, string] => [
    key,
    key.endsWith('Type') ? say(`type.${value}`, {}) : value,
  ]);
  return say(`issue.${code}`, Object.fromEntries(variables));
}

/** "Status ↔ State →: …" */
export function sentence(finding: Finding, say: Say): string {
  const { label, direction } = finding;
  const arrow = direction === undefined || label.includes(ARROWS[direction]) ? '' : ` (${ARROWS[direction]})`;
  return `${label}${arrow}: ${remark(finding, say)}`;
}

const ORDER = { error: 0, warning: 1, note: 2 } as const;

/** The worst first, otherwise in the order of the rows. */
export const byWeight = (findings: Finding[]): Finding[] =>
  [...findings].sort((a, b) => ORDER[a.level] - ORDER[b.level]);
