/** Addresses of repositories in a form, and the names that they get in ids and lists. */

import { createHash } from 'node:crypto';

export interface Repository {
  /** the part of ids and of names that people read */
  name: string;
  address: string;
}

export const digest = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

/** @param text addresses, separated by commas or line ends */
export const addressesIn = (text: string): string[] => [
  ...new Set(text.split(/[,\n]/).flatMap((one) => one.trim() || [])),
];

const nameOf = (address: string): string => {
  const last = address
    .replace(/[/\\]+$/, '')
    .replace(/[/\\]?\.git$/i, '')
    .split(/[/\\:]/)
    .at(-1);
  return (last ?? '').replace(/[^\w.-]+/g, '-').replace(/^[-.]+/, '') || 'repository';
};

/** Repositories in the order given; those of the same name are told apart by their addresses. */
export function named(addresses: readonly string[]): Repository[] {
  const names = addresses.map(nameOf);
  return addresses.map((address, index) => {
    const name = names[index] ?? 'repository';
    const isAlone = names.filter((other) => other === name).length === 1;
    return { address, name: isAlone ? name : `${name}-${digest(address, 6)}` };
  });
}
