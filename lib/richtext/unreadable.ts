/** A text cannot be read as markup and is read as plain text instead. The message completes a sentence that starts
 * with "The text". */
export class Unreadable extends Error {}
