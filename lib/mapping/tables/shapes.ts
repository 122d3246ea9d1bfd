/** Data about sheets that the server, the process that reads them, and the forms exchange. */

export interface SheetInfo {
  name: string;
  /** headings of the columns; if a heading is missing or used twice, it contains the column's letter */
  columns: string[];
  /** rows below the heading */
  rows: number;
  /** the first values of each column */
  samples: string[][];
}

export interface SheetColumns {
  one: string[];
  two: string[];
  /** number of rows left out because a cell is empty, has an error, or has a formula without saved result */
  incomplete: number;
}

/** The content of an exported workbook. */
export interface ExportedTable {
  /** headings of both columns */
  heads: [string, string];
  pairs: [string, string][];
  /** the values of each side, for a second sheet to choose from */
  values: [string[], string[]];
}
