/** Takes a file out of JSON that carries it in base64, while the JSON is read: neither is ever whole in memory. */

import { SyncError } from '../../model/errors';

const code = (one: string): number => one.charCodeAt(0);
const [QUOTE, BACKSLASH, SLASH, COLON, UNICODE] = [code('"'), code('\\'), code('/'), code(':'), code('u')];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [code('{'), code('}'), code('['), code(']')];
const UNICODE_DIGITS = 4;
/** A property's name that is longer is not the wanted one. */
const LONGEST_NAME = 100;

/** Decodes base64 that comes in pieces, with line ends anywhere. */
class Base64 {
  private rest = '';
  private isOver = false;

  /** @throws SyncError if there is something after the padding, or anything that is not base64 */
  decode(text: string): Uint8Array | undefined {
    const clean = this.rest + text.replace(/\s+/g, '');
    if (clean === '') return undefined;
    const whole = clean.slice(0, clean.length - (clean.length % 4));
    this.rest = clean.slice(whole.length);
    if (whole === '') return undefined;
    if (this.isOver || !/^[A-Za-z0-9+/]*={0,2}$/.test(whole)) throw broken('it is not base64');
    this.isOver = whole.endsWith('=');
    return Buffer.from(whole, 'base64');
  }

  end(): void {
    if (this.rest !== '') throw broken('its base64 ends in the middle');
  }
}

/**
 * The bytes of one property of a JSON object, which are there as a text in base64. What else is in the object is skipped.
 *
 * @param name of the property, which is one of the object's own
 * @throws SyncError transient – the JSON breaks off, has no such property, or that is not base64
 */
export async function* bytesInJson(json: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const reading = new Reading(name);
  for await (const part of json) {
    const bytes = reading.read(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    if (bytes) yield bytes;
  }
  reading.end();
}

/** How far the JSON has been read. */
class Reading {
  private readonly base64 = new Base64();
  private depth = 0;
  /** in a text: the wanted value, or another one, which may be a property's name */
  private inside: 'wanted' | 'other' | undefined;
  private isEscaped = false;
  /** digits of a `\uXXXX` that are still to come */
  private digits = 0;
  /** the last text, as far as it may be a name */
  private text = '';
  private isNamed = false;
  private isFound = false;

  constructor(private readonly name: string) {}

  /** @returns the bytes that this part of the answer completes */
  read(part: Buffer): Uint8Array | undefined {
    const pieces: string[] = [];
    let quote = -1;
    for (let at = 0; at < part.length; at += 1) {
      if (this.inside === 'wanted' && !this.isEscaped && this.digits === 0) {
        if (quote < at) quote = placeOf(part, QUOTE, at);
        const end = Math.min(quote, placeOf(part.subarray(0, quote), BACKSLASH, at));
        pieces.push(part.toString('latin1', at, end));
        at = end;
      }
      if (at < part.length) this.step(part[at] ?? 0, pieces);
    }
    return this.base64.decode(pieces.join(''));
  }

  private step(byte: number, pieces: string[]): void {
    if (this.inside !== undefined) this.inText(byte, pieces);
    else if (byte === QUOTE) {
      this.inside = this.isNamed && this.depth === 1 ? 'wanted' : 'other';
      this.isFound ||= this.inside === 'wanted';
      this.text = '';
    } else if (byte === COLON) this.isNamed = this.depth === 1 && this.text === this.name;
    else if (byte === OPEN || byte === OPEN_LIST) this.depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) this.depth -= 1;
  }

  private inText(byte: number, pieces: string[]): void {
    if (this.isEscaped) {
      this.isEscaped = false;
      if (byte === UNICODE) this.digits = UNICODE_DIGITS;
      // an escaped slash belongs to base64; every other escape is a blank
      else if (byte === SLASH) pieces.push('/');
    } else if (this.digits > 0) this.digits -= 1;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === QUOTE) {
      this.inside = undefined;
      this.isNamed = false;
    } else if (this.text.length < LONGEST_NAME) this.text += String.fromCharCode(byte);
  }

  /** @throws SyncError if something is missing */
  end(): void {
    if (this.depth !== 0 || this.inside !== undefined) throw broken('the answer breaks off');
    if (!this.isFound) throw broken('the answer has no content');
    this.base64.end();
  }
}

/** The place of the next such byte, or the end. */
function placeOf(part: Buffer, byte: number, from: number): number {
  const at = part.indexOf(byte, from);
  return at < 0 ? part.length : at;
}

const broken = (why: string): SyncError => new SyncError('transient', `The file could not be read: ${why}`);
