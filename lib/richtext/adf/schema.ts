/** The Atlassian Document Format as JSON. https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ */

export interface AdfMark {
  type: string;
  attrs?: Record<string, unknown>;
}

export interface AdfNode {
  type: string;
  attrs?: Record<string, unknown>;
  content?: AdfNode[];
  marks?: AdfMark[];
  text?: string;
}

export interface AdfDocument extends AdfNode {
  type: 'doc';
  version: 1;
  content: AdfNode[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isNode = (value: unknown): value is AdfNode =>
  isObject(value) &&
  typeof value.type === 'string' &&
  (value.content === undefined || Array.isArray(value.content)) &&
  (value.text === undefined || typeof value.text === 'string');

export const isMark = (value: unknown): value is AdfMark => isObject(value) && typeof value.type === 'string';

/** The child nodes. Anything that is not a node is skipped. */
export const contentOf = (node: AdfNode): AdfNode[] => (Array.isArray(node.content) ? node.content.filter(isNode) : []);
export const marksOf = (node: AdfNode): AdfMark[] => (Array.isArray(node.marks) ? node.marks.filter(isMark) : []);

const attrsOf = (node: AdfNode | AdfMark): Record<string, unknown> => (isObject(node.attrs) ? node.attrs : {});

export function textAttr(node: AdfNode | AdfMark, name: string): string | undefined {
  const value = attrsOf(node)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberAttr(node: AdfNode | AdfMark, name: string): number | undefined {
  const value = attrsOf(node)[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
