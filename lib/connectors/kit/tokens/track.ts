/** Maximum number of consecutive empty pages: after that, a feed makes no progress. */
const MOST_EMPTY = 1_000;

/** Follows a feed with tokens, and detects that it goes in a circle or makes no progress. */
export class Track {
  private readonly tokens: Set<string | undefined>;
  private empty = 0;

  constructor(private cursor: string | undefined) {
    this.tokens = new Set([cursor]);
  }

  /** The token of the next page; undefined = the first one. */
  get token(): string | undefined {
    return this.cursor;
  }

  /**
   * @param next the token in the page
   * @param count number of entries in the page
   * @returns false if the feed cannot continue
   */
  goOn(next: string | undefined, count: number): boolean {
    this.empty = count === 0 ? this.empty + 1 : 0;
    if (next === undefined || this.tokens.has(next) || this.empty > MOST_EMPTY) {
      this.cursor = next ?? this.cursor;
      return false;
    }
    this.cursor = next;
    this.tokens.add(next);
    return true;
  }
}
