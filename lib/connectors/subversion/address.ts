/**
 * Addresses of Subversion repositories, or of folders in them. Only what is listed here is passed to the program: nothing that it would take for an
 * option, and no tunnel (`svn+ssh`, `svn+anything`), which runs a command of the machine's configuration.
 */

import { addressesIn, named, type Repository } from '../kit/repositories';

const SCHEMES = ['https:', 'http:', 'svn:', 'file:'];
const LONGEST = 2_000;

/** @throws Error that completes "Repositories: …" */
function checked(address: string): string {
  const shown = JSON.stringify(address.slice(0, 100));
  if (address.length > LONGEST) throw new Error(`${shown}… is too long for an address`);
  if (/\p{Cc}/u.test(address)) throw new Error(`${shown} has control characters`);
  if (address.startsWith('-')) throw new Error(`${shown} begins with "-": svn would read it as an option`);
  if (/^svn\+/i.test(address)) throw new Error(`${shown} would run a command; use svn, https, http or file`);
  if (!/^[a-z]+:\/\//i.test(address) || !URL.canParse(address))
    throw new Error(`${shown} is not a URL (svn, https, http, file)`);
  const { protocol, username, password, hostname, hash, search } = new URL(address);
  if (!SCHEMES.includes(protocol)) throw new Error(`${shown}: use svn, https, http or file`);
  if (protocol === 'file:' ? hostname !== '' : hostname === '' || hostname.startsWith('-'))
    throw new Error(`${shown} names ${protocol === 'file:' ? 'a host' : 'no host'}`);
  if (username !== '' || password !== '')
    throw new Error(`${JSON.stringify(hostname)}: enter login and password below, not in the address`);
  if (hash !== '' || search !== '') throw new Error(`${shown} has parts that no repository has (? or #)`);
  return address.replace(/\/+$/, '');
}

/** In the order given. @param text addresses, separated by commas or line ends @throws Error for an admin */
export const readRepositories = (text: string): Repository[] => named(addressesIn(text).map(checked));
