/** A text that cannot be read as markup; the message goes on after "The text …". It is then read as plain text. */
export class Unreadable extends Error {}
