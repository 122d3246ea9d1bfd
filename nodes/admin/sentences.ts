/** Explanations in English, for tools and people without the page: the sentences of its own catalog. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../lib/model/shape';
import type { Said } from '../../lib/plan/explanation';

let catalog: unknown;

/** The sentence of one step; its code if the catalog lacks it. */
export function sentence({ step, code, names = {} }: Said): string {
  catalog ??= JSON.parse(readFileSync(join(__dirname, '../monitor/locales/en-US/monitor.json'), 'utf8'));
  let at: unknown = catalog;
  for (const part of ['explain', step, ...code.split('.')]) at = isObject(at) ? at[part] : undefined;
  if (typeof at !== 'string') return code;
  return at.replace(/__(\w+?)__/g, (whole, name: string) => String(names[name] ?? whole));
}
