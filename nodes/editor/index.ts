/**
 * Shared by the forms: the current state of the workspace, answers of the systems, and widgets.
 *
 *   import { addStyle, directionButton, fields, integration, nodesOf, searchSelect, systemsOf, t } from '../editor';
 */

export { type DirectionButton, directionButton } from './direction-button';
export * from './files';
export * from './form';
export { matching, type SearchItem } from './matching';
export * from './metadata';
export { offerOnlyIntegration, takeOnlyIntegration } from './only-integration';
export { type PairList, pairList } from './pair-list';
export { idlePairs, type Pair } from './pairs';
export { isNewer, knownVersion, loadedOnly, showsNewer, watchSaved } from './saved';
export { type SearchSelect, type SearchSelectOptions, searchSelect } from './search-select';
export { addStyle } from './style';
export { t, translated } from './text';
export { isTouched, kept, leaveUntouched, rememberInputs } from './untouched';
export { showWantedRow } from './wanted-row';
export * from './workspace';
