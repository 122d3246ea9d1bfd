/** Mappings as files, JSON or workbook: what an import would change, and how a mapping fits other projects. Pure,
 * also in the browser. */

export * from './adapt';
export * from './document';
export { type FromSheetsOptions, fromSheets } from './from-sheets';
export type { Problem, ProblemCode } from './problem';
export * from './review';
export type { TextSheet } from './sheets';
export { CellTooLong, toSheets } from './to-sheets';
export { type Language, languageOf } from './words';
