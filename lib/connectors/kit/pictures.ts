/** Pictures in texts that name attachments of their item by the files' names. The newest of a name is shown. */

import type { NamedFile, PicturesInTexts, ShownAttachment } from '../connector';

/** What browsers show. */
const SHOWN = /\.(?:png|gif|jpe?g|webp|bmp|svg|avif)$/i;

export interface NameRules {
  /** names of files that texts show */
  shows?: RegExp;
  /** what a text writes of a name. Default: percent-encoded */
  written?(name: string): string;
  /** the name in an address. @returns undefined if it names no file of the item */
  read?(address: string): string | undefined;
  /** an address that leads to one attachment */
  elsewhere?(address: string): ShownAttachment | undefined;
}

/** Percent-encoded, also the signs that have a meaning in a markup. Half of a character cannot be encoded. */
export const encodedName = (name: string): string =>
  encodeURIComponent(name.replace(/\p{Cs}/gu, '_')).replace(
    /[()'*!~_]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The name in an address without folders, percent-encoded or not. */
export function plainName(address: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:|[/\\]/i.test(address)) return undefined;
  const name = address.replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The newest of a name, in any case. @param files the oldest first */
export const newest = (files: readonly NamedFile[], name: string): NamedFile | undefined =>
  files.findLast((file) => fold(file.name) === fold(name));

const fold = (name: string): string => name.normalize('NFC').toLowerCase();

export function picturesByName({
  shows = SHOWN,
  written = encodedName,
  read = plainName,
  elsewhere = () => undefined,
}: NameRules = {}): PicturesInTexts {
  return {
    byName: true,
    shown(address) {
      const name = read(address);
      if (name === undefined || name === '') return elsewhere(address);
      return { name, among: async (files) => newest(files, name) };
    },
    async address({ name }) {
      return shows.test(name) ? written(name) : undefined;
    },
  };
}
