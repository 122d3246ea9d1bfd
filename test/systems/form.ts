/** Reads forms (multipart/form-data, RFC 7578) as they come, part by part, without holding a file in memory. */

export interface FormPart {
  /** as the header has it */
  disposition: string;
  name: string | undefined;
  /** undefined: it is no file */
  filename: string | undefined;
  mediaType: string | undefined;
  bytes: AsyncIterable<Buffer>;
}

/** What is wrong with a form, in words. */
export class BadForm extends Error {}

/** The boundary of a form; undefined: the content type is another one. */
export const boundaryOf = (contentType = ''): string | undefined =>
  /^multipart\/form-data\s*;.*\bboundary="?([^";]+)"?/i.exec(contentType)?.[1];

const LONGEST_HEADERS = 16_384;

class Source {
  private held: Buffer = Buffer.alloc(0);
  private readonly parts: AsyncIterator<Buffer>;

  constructor(body: AsyncIterable<Buffer>) {
    this.parts = body[Symbol.asyncIterator]();
  }

  /** The bytes before the next `end`, which is passed over. @throws BadForm if it never comes */
  async *until(end: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.held.indexOf(end);
      if (at >= 0) {
        const before = this.held.subarray(0, at);
        this.held = this.held.subarray(at + end.length);
        if (before.length > 0) yield before;
        return;
      }
      // the end may have begun
      const sure = this.held.length - end.length + 1;
      if (sure > 0) {
        const before = this.held.subarray(0, sure);
        this.held = this.held.subarray(sure);
        yield before;
      }
      await this.more();
    }
  }

  async text(end: string): Promise<string> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of this.until(Buffer.from(end))) {
      parts.push(part);
      size += part.length;
      if (size > LONGEST_HEADERS) throw new BadForm('the headers of a part do not end');
    }
    return Buffer.concat(parts).toString('utf8');
  }

  async next(count: number): Promise<string> {
    while (this.held.length < count) await this.more();
    const text = this.held.subarray(0, count).toString('latin1');
    this.held = this.held.subarray(count);
    return text;
  }

  private async more(): Promise<void> {
    const { done, value } = await this.parts.next();
    if (done) throw new BadForm('the form ends early');
    this.held = this.held.length === 0 ? value : Buffer.concat([this.held, value]);
  }
}

/** Calls `take` with each part. What it leaves unread is passed over. @throws BadForm */
export async function readForm(
  body: AsyncIterable<Buffer>,
  boundary: string,
  take: (part: FormPart) => Promise<void>,
): Promise<void> {
  const source = new Source(body);
  if ((await source.text(`--${boundary}`)) !== '') throw new BadForm('the form does not begin with its boundary');
  for (;;) {
    const after = await source.next(2);
    if (after === '--') return;
    if (after !== '\r\n') throw new BadForm('a boundary is followed by something else');
    const headers = new Map(
      (await source.text('\r\n\r\n')).split('\r\n').map((line) => {
        const at = line.indexOf(':');
        return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const;
      }),
    );
    const disposition = headers.get('content-disposition') ?? '';
    const bytes = source.until(Buffer.from(`\r\n--${boundary}`));
    await take({
      disposition,
      name: /;\s*name="([^"]*)"/i.exec(disposition)?.[1],
      filename: /;\s*filename="([^"]*)"/i.exec(disposition)?.[1],
      mediaType: headers.get('content-type'),
      bytes,
    });
    for await (const _part of bytes);
  }
}
