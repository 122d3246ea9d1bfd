/** The colours that Jira's own converter from ADF uses in wiki markup for each kind of panel. */

import type { PanelKind } from '../tree';

const GROUNDS: [PanelKind, string][] = [
  ['info', '#deebff'],
  ['note', '#eae6ff'],
  ['success', '#e3fcef'],
  ['warning', '#fffae6'],
  ['error', '#ffebe6'],
];

export const panelKindOf = (background: string | undefined): PanelKind =>
  GROUNDS.find(([, ground]) => ground === background)?.[0] ?? 'plain';

export const groundOf = (kind: PanelKind): string | undefined => GROUNDS.find(([name]) => name === kind)?.[1];
