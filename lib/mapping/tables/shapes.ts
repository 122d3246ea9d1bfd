/** What is said of sheets between the server, the process that reads them, and the forms. */

export interface SheetInfo {
  name: string;
  /** heads of the columns; where a head is missing or stands twice, the column's letter is in it */
  columns: string[];
  /** rows below the head */
  rows: number;
  /** the first values of each column */
  samples: string[][];
}

export interface SheetColumns {
  one: string[];
  two: string[];
  /** rows left out, since one of the two cells is empty, or holds an error or a formula without saved result */
  incomplete: number;
}

/** What an exported workbook holds. */
export interface ExportedTable {
  /** heads of both columns */
  heads: [string, string];
  pairs: [string, string][];
  /** the values that each side has, for a second sheet to choose from */
  values: [string[], string[]];
}
