/**
 * The largest file that a system takes, as learned from its refusals, where its API does not tell the setting. Without that, each file
 * that is too large would be sent completely before it is refused.
 */

/** The setting may be changed. */
const KNOWN_MS = 3_600_000;

/** Three digits are left of a number that is rounded. */
const ROUNDED = 1.006;

const UNITS = ['', 'K', 'M', 'G'];

/**
 * "… exceeds the maximum allowed file size (5242880)" or "(60.000 MB(s))", in any language. Who writes "(5 MB)" has rounded.
 * @returns bytes, at least as many as are taken
 */
function sizeIn(text: string): number | undefined {
  const found = /\((\d+)(?:[.,](\d+))?[\s\u00a0\u202f]*(\p{L}*)(?:\(s\))?\)/u.exec(text);
  if (!found) return undefined;
  const [, whole = '', rest = '0', unit = ''] = found;
  const latin = unit.toUpperCase().replace('К', 'K').replace('М', 'M').replace('Г', 'G');
  const power = Math.max(0, UNITS.indexOf(/^[KMG]/.exec(latin)?.[0] ?? ''));
  const bytes = Number(`${whole}.${rest}`) * 1024 ** power;
  return power === 0 ? bytes : Math.ceil(bytes * ROUNDED);
}

export class SizeLimit {
  private known: { bytes: number; at: number } | undefined;

  /** A file of this size was refused, with this text. */
  refused(size: number, text: string): void {
    const named = sizeIn(text);
    if (named === undefined) return;
    // a smaller one was refused for another reason, such as its extension
    if (size * ROUNDED < named) return;
    this.known = { bytes: Math.min(size - 1, named), at: performance.now() };
  }

  /** undefined = not known */
  bytes(): number | undefined {
    if (this.known && performance.now() - this.known.at > KNOWN_MS) this.known = undefined;
    return this.known?.bytes;
  }
}
