/**
 * Names of pictures on the way from a system whose texts show attachments by an id to one whose texts show the newest of a name:
 * browsers paste `image.png` again and again, and there a later one would take the place of an earlier one in every text. So a
 * second copy of a name gets a name of its own. Between two systems that go by names, both show the same.
 */

import { createHash } from 'node:crypto';
import type { PicturesInTexts } from '../../connectors/connector';
import type { EntityId, Side } from '../../model/entity';
import { atSide } from '../../model/sides';
import type { Links } from '../../store/store';
import { isPictureName } from '../references/pictures';
import type { Change } from './change';

/** Of one item. */
const MOST = 2_000;

/**
 * @param change of an attachment, with a name that the target takes
 * @param side the target's
 */
export async function uniquelyNamed(
  change: Change,
  pictures: { source: PicturesInTexts | undefined; target: PicturesInTexts | undefined },
  store: Pick<Links, 'partLinks'>,
  side: Side,
): Promise<Change> {
  const { owner, event, file, message } = change;
  const { name } = message.payload;
  if (
    !pictures.target?.byName ||
    pictures.source?.byName ||
    !owner ||
    event.link ||
    file?.link ||
    typeof name !== 'string'
  )
    return change;
  if (!isPictureName(name)) return change;
  // what an earlier attempt has made must be recognized
  const begun = event.intent?.fields.name;
  if (typeof begun === 'string') return begun === name ? change : called(change, begun);
  const links = await store.partLinks(owner.link, MOST);
  const taken = new Set(
    links.flatMap(({ ends }) => {
      const other = atSide(ends, side).baseline.name;
      return typeof other === 'string' ? [fold(other)] : [];
    }),
  );
  if (!taken.has(fold(name))) return change;
  const own = [4, 8, 16].map((length) => numbered(name, event.entity.id, length));
  return called(change, own.find((one) => !taken.has(fold(one))) ?? name);
}

const fold = (name: string): string => name.normalize('NFC').toLowerCase();

/** `image-1a2b.png`. No longer than before, as far as the name leaves room. */
function numbered(name: string, id: EntityId, length: number): string {
  const mark = `-${createHash('sha256').update(id).digest('hex').slice(0, length)}`;
  const at = name.lastIndexOf('.');
  const stem = [...name.slice(0, at)];
  return `${stem.slice(0, Math.max(1, Math.min(stem.length, 255 - mark.length - 16))).join('')}${mark}${name.slice(at)}`;
}

/** The name counts as what the flow has mapped, so no result reports it. */
function called(change: Change, name: string): Change {
  const { message, asMapped } = change;
  return {
    ...change,
    message: { ...message, payload: { ...message.payload, name } },
    asMapped: { ...asMapped, name },
  };
}
