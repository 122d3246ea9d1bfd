/**
 * What the forms share: the workspace's present state, answers of the systems, and widgets.
 *
 *   import { addStyle, directionButton, fields, integration, nodesOf, searchSelect, systemsOf, t } from '../editor';
 */

export { type DirectionButton, directionButton } from './direction-button';
export * from './form';
export * from './metadata';
export { idlePairs, type Pair, type PairList, pairList } from './pair-list';
export { matching, type SearchItem, type SearchSelect, type SearchSelectOptions, searchSelect } from './search-select';
export { addStyle } from './style';
export { t, translated } from './text';
export * from './workspace';
