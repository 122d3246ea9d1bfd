/** Keeps secrets out of messages. Every text that leaves the HTTP client passes through a mask made of the client's
 * secrets. */

const MASK = '***';
/** A header whose value is a credential; its value is masked wherever it appears. */
const SECRET_HEADER = /authorization|cookie|token|secret|password|api-?key/i;
const SECRET_NAME = /key|token|secret|password|passwd/i;
// linear in the text's length, whatever a server sends: no part of a match can start another match
const PARAMETER = /([?&;])([^=&;#?\s]*)=[^&;#\s"'<>]*/g;
const URL_USERINFO = /:\/\/[^\s/?#@]*@/g;

export type Mask = (text: string) => string;

/** The values of those headers that carry credentials, without their scheme word (Basic, Bearer). */
export function secretsOfHeaders(headers: Record<string, string>): string[] {
  return Object.entries(headers)
    .filter(([name]) => SECRET_HEADER.test(name))
    .flatMap(([, value]) => [value, value.replace(/^\S+\s+/, '')]);
}

/** The forms in which a system may write a value that was sent to it. */
function spellings(secret: string): string[] {
  const html = secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const uri = encodeURIComponent(secret);
  return [
    ...[secret, secret.replace(/\s+/g, ' ').trim(), JSON.stringify(secret).slice(1, -1)],
    ...[uri, uri.replaceAll('%20', '+'), uri.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())],
    ...[html, html.replace(/"/g, '&quot;').replace(/'/g, '&#39;'), html.replace(/"/g, '&#34;').replace(/'/g, '&#x27;')],
  ];
}

/**
 * Returns a function that removes secrets from a text: the given values in plain form, URL-encoded, escaped for JSON or
 * HTML, or as Basic credentials; credentials in any URL; and values of URL parameters whose name suggests a secret.
 * Mask a text before shortening it: half a secret would not be recognized.
 *
 * @param secrets values to be masked; values shorter than four characters are ignored, because masking them would make
 * the text unreadable
 */
export function createMask(secrets: string[]): Mask {
  const values = [...new Set(secrets.flatMap(spellings))]
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const masked = values.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
    return masked
      .replace(URL_USERINFO, `://${MASK}@`)
      .replace(PARAMETER, (whole, start: string, name: string) =>
        SECRET_NAME.test(name) ? `${start}${name}=${MASK}` : whole,
      );
  };
}
