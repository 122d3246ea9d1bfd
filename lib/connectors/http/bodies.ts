/** Request bodies that carry a file: the plain file, or a part of a form (multipart/form-data). Their length is
 * known beforehand. */

import { randomBytes } from 'node:crypto';
import type { FileContent, OpenedFile } from '../../model/content';
import type { UploadBody } from './transfer';

/** A plain file. */
export const octets = ({ size, open }: FileContent, contentType = 'application/octet-stream'): UploadBody => ({
  contentType,
  length: size,
  open,
});

/**
 * A name in a header of a form's part: UTF-8 unchanged, with characters that would end the text percent-encoded, as
 * browsers do (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data). Not RFC
 * 2231 (`filename*=`): servers garble such names, or fail.
 */
const inQuotes = (name: string): string => name.replace(/\r\n?|\n/g, '%0D%0A').replaceAll('"', '%22');

/** A media type that is valid in a header. */
const mediaTypeOf = (text = ''): string => (/^[\w.+-]+\/[\w.+-]+$/.test(text) ? text : 'application/octet-stream');

/**
 * A form with text fields and one file, in this order.
 *
 * @param part the name of the part that contains the file: "file"
 */
export function formWith(
  part: string,
  content: FileContent,
  fields: Readonly<Record<string, string>> = {},
): UploadBody {
  const boundary = `twinflow-${randomBytes(16).toString('hex')}`;
  const before = Buffer.from(
    [
      ...Object.entries(fields).map(
        ([name, value]) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="${inQuotes(name)}"\r\n\r\n${value}\r\n`,
      ),
      `--${boundary}\r\nContent-Disposition: form-data; name="${inQuotes(part)}"; filename="${inQuotes(content.name)}"\r\n`,
      `Content-Type: ${mediaTypeOf(content.mediaType)}\r\n\r\n`,
    ].join(''),
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = before.length + content.size + after.length;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length,
    async open(): Promise<OpenedFile> {
      const file = await content.open();
      // a file whose size differs from the declared one is detected by the total length
      const size = before.length + file.size + after.length;
      async function* bytes(): AsyncGenerator<Uint8Array> {
        yield before;
        yield* file.bytes;
        yield after;
      }
      return { size, bytes: bytes(), close: () => file.close() };
    },
  };
}
