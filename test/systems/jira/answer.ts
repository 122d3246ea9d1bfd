import type { StoredFile } from '../files';

export interface Answer {
  status: number;
  body?: unknown;
  /** in the place of a body */
  file?: StoredFile;
  /** the template that the vendor's description knows the address by */
  template?: string;
  headers?: Record<string, string>;
}
