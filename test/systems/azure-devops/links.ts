/**
 * Links between work items: their types with the two ends, and what a new one has to keep to. Each link is shown by both of its
 * work items. https://learn.microsoft.com/azure/devops/boards/queries/link-type-reference
 */

import { ApiError, notFound } from './answer';
import type { Item, Relation, State } from './state';

interface LinkType {
  base: string;
  /** what the work item at the other end is called: seen from the source, and seen from the target; one name: both are alike */
  forward: string;
  reverse?: string;
  topology: 'tree' | 'dependency' | 'network' | 'directedNetwork';
}

const TYPES: readonly LinkType[] = [
  { base: 'System.LinkTypes.Hierarchy', forward: 'Child', reverse: 'Parent', topology: 'tree' },
  { base: 'System.LinkTypes.Dependency', forward: 'Successor', reverse: 'Predecessor', topology: 'dependency' },
  { base: 'System.LinkTypes.Duplicate', forward: 'Duplicate', reverse: 'Duplicate Of', topology: 'tree' },
  { base: 'System.LinkTypes.Related', forward: 'Related', topology: 'network' },
  { base: 'Microsoft.VSTS.Common.TestedBy', forward: 'Tested By', reverse: 'Tests', topology: 'dependency' },
  { base: 'Microsoft.VSTS.Common.Affects', forward: 'Affects', reverse: 'Affected By', topology: 'directedNetwork' },
];

const endsOf = ({ base, reverse }: LinkType): [string, string] =>
  reverse === undefined ? [base, base] : [`${base}-Forward`, `${base}-Reverse`];

const invalid = (message: string, typeKey = 'WorkItemLinkInvalidException') => new ApiError(400, typeKey, message);

/** As `_apis/wit/workitemrelationtypes` lists them; one of them leads to another organisation. */
export const RELATION_TYPES: { referenceName: string; name: string; attributes: Record<string, unknown> }[] = [
  ...TYPES.flatMap((type) => {
    const [forward, reverse] = endsOf(type);
    const attributes = {
      ...{ usage: 'workItemLink', editable: false, enabled: true, topology: type.topology },
      acyclic: type.topology === 'tree' || type.topology === 'dependency',
      directional: type.reverse !== undefined,
      singleTarget: type.topology === 'tree',
    };
    if (type.reverse === undefined)
      return [
        {
          ...{ referenceName: forward, name: type.forward },
          attributes: { ...attributes, isForward: true, oppositeEndReferenceName: forward },
        },
      ];
    return [
      {
        ...{ referenceName: forward, name: type.forward },
        attributes: { ...attributes, isForward: true, oppositeEndReferenceName: reverse },
      },
      {
        ...{ referenceName: reverse, name: type.reverse },
        attributes: { ...attributes, isForward: false, oppositeEndReferenceName: forward },
      },
    ];
  }),
  {
    ...{ referenceName: 'System.LinkTypes.Remote.Related', name: 'Remote Related' },
    attributes: { usage: 'workItemLink', editable: false, enabled: true, remote: true, topology: 'network' },
  },
  ...[
    ['AttachedFile', 'Attached File'],
    ['Hyperlink', 'Hyperlink'],
    ['ArtifactLink', 'Artifact Link'],
  ].map(([referenceName = '', name = '']) => ({
    ...{ referenceName, name },
    attributes: { usage: 'resourceLink', editable: false, enabled: true },
  })),
];

const typeOf = (rel: string): LinkType | undefined => TYPES.find((type) => endsOf(type).includes(rel));

/** What the other end shows of a link; undefined = it is no link between work items. */
export function oppositeOf(rel: string): string | undefined {
  const type = typeOf(rel);
  const [forward, reverse] = type ? endsOf(type) : [];
  return rel === forward ? reverse : forward;
}

/** The work item that a relation leads to. */
export const targetOf = ({ rel, url }: Pick<Relation, 'rel' | 'url'>): number | undefined =>
  typeOf(rel) ? Number(/\/workItems\/(\d+)$/i.exec(url)?.[1] ?? Number.NaN) : undefined;

const LONGEST_COMMENT = 255;

/** @throws ApiError */
export function checkComment(comment: unknown): void {
  if (String(comment ?? '').length > LONGEST_COMMENT)
    throw invalid(`The comment of a link has at most ${LONGEST_COMMENT} characters.`, 'WorkItemResourceLinkException');
}

/** @throws ApiError – the link cannot be added */
export function checkLink({ rel, url }: Pick<Relation, 'rel' | 'url'>, item: Item, state: State): void {
  const type = typeOf(rel);
  if (rel === 'Hyperlink' || rel === 'AttachedFile') {
    if (!item.relations.some((one) => one.rel === rel && one.url === url)) return;
    throw invalid('VS403327: Relation already exists.', 'WorkItemResourceLinkException');
  }
  if (!type) throw invalid(`VS403369: Unrecognized relation type: ${rel}`);
  const other = targetOf({ rel, url });
  if (other === undefined || !state.item(other)) throw notFound(other ?? Number.NaN);
  if (other === item.id) throw invalid('TF201036: You cannot link a work item to itself.');
  const between = `between work items ${item.id} and ${other}`;
  if (item.relations.some((one) => one.rel === rel && targetOf(one) === other))
    throw invalid(
      `TF201036: You cannot add a link ${between}: Relation already exists.`,
      'RelationAlreadyExistsException',
    );
  const [forward, reverse] = endsOf(type);
  const name = rel === forward ? type.forward : (type.reverse ?? type.forward);
  if (type.topology === 'tree') {
    const child = rel === reverse ? item : state.item(other);
    if (child?.relations.some((one) => one.rel === reverse))
      throw invalid(
        `TF201036: You cannot add a ${name} link ${between} because a work item can have only one ${type.reverse} link.`,
        'WorkItemLinkAddExtraParentException',
      );
  }
  if (type.topology !== 'tree' && type.topology !== 'dependency') return;
  const [from, to] = rel === forward ? [item.id, other] : [other, item.id];
  if (leads(state, to, from, forward))
    throw invalid(
      `TF201035: You cannot add a ${name} link ${between}: adding it would create a circular relationship.`,
    );
}

/** Whether one work item leads to another by links of a kind. */
function leads(state: State, from: number, to: number, forward: string): boolean {
  const seen = new Set([from]);
  for (const id of seen) {
    if (id === to) return true;
    for (const relation of state.items.get(id)?.relations ?? [])
      if (relation.rel === forward) seen.add(targetOf(relation) ?? Number.NaN);
  }
  return false;
}
