/** Keeps secrets out of messages: whatever text leaves the HTTP client goes through a mask made of the client's secrets. */

const MASK = '***';
/** A header whose value is a credential; its value is masked wherever it appears. */
const SECRET_HEADER = /authorization|cookie|token|secret|password|api-?key/i;
const SECRET_PARAMETER = /([?&;](?:[^=&;#\s]*(?:key|token|secret|password|passwd)[^=&;#\s]*)=)[^&;#\s"'<>]*/gi;
const URL_USERINFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi;

export type Mask = (text: string) => string;

/** The values of those headers that carry credentials, without their scheme word (Basic, Bearer). */
export function secretsOfHeaders(headers: Record<string, string>): string[] {
  return Object.entries(headers)
    .filter(([name]) => SECRET_HEADER.test(name))
    .flatMap(([, value]) => [value, value.replace(/^\S+\s+/, '')]);
}

/**
 * A function that takes secrets out of a text: the given ones as they are, URL-encoded or as Basic credentials, the user
 * info of any URL, and the values of URL parameters that are named like a secret.
 *
 * @param secrets values that must not be seen; shorter than four characters are left alone, they would blot out the text
 */
export function createMask(secrets: string[]): Mask {
  const values = [...new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]))]
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const masked = values.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
    return masked.replace(URL_USERINFO, `$1${MASK}@`).replace(SECRET_PARAMETER, `$1${MASK}`);
  };
}
