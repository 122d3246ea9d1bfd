/**
 * Addresses of repositories as an admin enters them. git takes more than is safe to pass on: an option in place of an address
 * (`--upload-pack=…`), and transports that run a command (`ext::sh -c …`). Only what is listed here is passed on.
 */

import { isAbsolute } from 'node:path';
import { addressesIn, named, type Repository } from '../kit/repositories';

const SCHEMES = ['https:', 'http:', 'ssh:', 'git:', 'file:'];
const LONGEST = 2_000;

/** One address. @throws Error that completes "Repositories: …" */
function checked(address: string): string {
  const shown = JSON.stringify(address.slice(0, 100));
  if (address.length > LONGEST) throw new Error(`${shown}… is too long for an address`);
  if (/\p{Cc}/u.test(address)) throw new Error(`${shown} has control characters`);
  if (address.startsWith('-')) throw new Error(`${shown} begins with "-": git would read it as an option`);
  if (/^[\w+.-]+::/.test(address)) throw new Error(`${shown} would run a command; enter a path or a URL`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return checkedUrl(address, shown);
  if (isAbsolute(address)) return address;
  // as ssh has it: git@host:group/repository.git
  if (/^(?:[\w.][\w.-]*@)?[\w.][\w.-]*:(?![/\\-])[^\\]+$/.test(address) && !/^[a-z]:/i.test(address)) return address;
  throw new Error(`${shown} is neither an absolute path nor a URL (https, ssh, git, file)`);
}

function checkedUrl(address: string, shown: string): string {
  if (!URL.canParse(address)) throw new Error(`${shown} is not a URL`);
  const { protocol, username, password, hostname } = new URL(address);
  if (!SCHEMES.includes(protocol)) throw new Error(`${shown}: use https, ssh, git or file`);
  if (protocol !== 'file:' && (hostname === '' || hostname.startsWith('-'))) throw new Error(`${shown} names no host`);
  if (username.startsWith('-') || username.startsWith('%2d')) throw new Error(`${shown} names no user`);
  if (password !== '' || (username !== '' && /^https?:$/.test(protocol)))
    throw new Error(`${JSON.stringify(hostname)}: enter login and password below, not in the address`);
  return address;
}

/**
 * Repositories in the order given.
 * @param text addresses, separated by commas or line ends
 * @throws Error for an admin
 */
export function readRepositories(text: string): Repository[] {
  const addresses = addressesIn(text).map(checked);
  return named(addresses);
}
