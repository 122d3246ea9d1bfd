/** An error in a mapping file and its place. It has a code, so that a form can report it in its own language. */

export type ProblemCode =
  // the whole file
  | 'tooLarge'
  | 'notJson'
  | 'notMapping'
  | 'noVersion'
  | 'newerVersion'
  | 'nothingIn'
  // rows of a JSON file
  | 'notRows'
  | 'notRow'
  | 'notUnderstood'
  // sheets
  | 'noColumn'
  | 'strangeColumn'
  | 'strangeSheet'
  | 'noFields'
  | 'unknownField'
  | 'ambiguousField'
  | 'unknownWord'
  | 'badValue'
  | 'noValue'
  | 'badTransform'
  | 'badMore'
  | 'sameField'
  | 'sameRow'
  | 'sameTable'
  | 'samePair';

export interface Problem {
  /** name of the sheet, or of the part of a JSON file; '' = the whole file */
  sheet: string;
  /** row number as shown by the spreadsheet, or number of the entry in a JSON file; 0 = all of it */
  row: number;
  code: ProblemCode;
  /** the text found there, shortened */
  value: string;
}
