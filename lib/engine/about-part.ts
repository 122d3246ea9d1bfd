/** What people know a part by, since its key says little: whose it is, who wrote it, how it begins. Pure. */

import { plainTextOf } from '../merge/bounded-texts';
import { frameIn } from '../merge/frames';
import type { IntegrationConfig } from '../model/config';
import type { Entity, Side } from '../model/entity';
import type { AboutPart } from '../model/operations';
import type { SingleValue, Value } from '../model/values';
import { typeName } from './routing';

/** Characters. */
const WORDS = 60;
/** Of a text so much is looked at; JSON cannot be cut. */
const BEGINNING = 2_000;
const LARGEST_JSON = 20_000;

/** @returns undefined if it is no part; what is not known is absent */
export function aboutPart(config: IntegrationConfig, side: Side, part: Entity): AboutPart | undefined {
  const { owner, createdBy, fields } = part;
  if (!owner) return undefined;
  const type = typeName(config, side, part.type) ?? part.type;
  // of a copy, who wrote the original
  const by = frameIn(fields)?.by ?? createdBy?.name ?? createdBy?.login ?? createdBy?.email;
  const text = Object.values(fields).find(isText);
  const words = text && beginning(text);
  return { type, owner: owner.key, ...(by && { by: by.slice(0, WORDS) }), ...(words && { words }) };
}

type Text = Extract<SingleValue, { content: string }>;

const isText = (value: Value): value is Text =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'content' in value;

function beginning({ format, content }: Text): string {
  if (format === 'adf' && content.length > LARGEST_JSON) return '';
  const cut = format === 'adf' ? content : content.slice(0, BEGINNING);
  const plain = plainTextOf({ format, content: cut }).replace(/\s+/gu, ' ').trim();
  if (plain.length <= WORDS) return plain;
  // a word is never cut: what hides secrets would not know half of one. Texts without blanks are cut anywhere
  const whole = /^[!-~]$/.test(plain[WORDS] ?? '')
    ? plain.slice(0, WORDS).replace(/[!-~]+$/, '')
    : plain.slice(0, WORDS);
  const words = whole.replace(/[\ud800-\udbff]$/, '').trimEnd();
  return words === '' ? '' : `${words}…`;
}
