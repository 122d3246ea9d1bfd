/** Signs that mean something in JQL, WIQL, TicketSQL, SQL, URLs or patterns: no text changes what a search finds. */
export const HOSTILE = [
  `a" OR "1" = "1`,
  `O'Brien' OR 1=1 --`,
  '[System.Id] > 0',
  '100% _sure_ \\ not',
  'x) OR (Subject LIKE %',
  '~*? +must -not && || ! {b} ^2 field:value',
  'a&b=c#d;e',
];
