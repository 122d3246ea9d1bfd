/** Which blocks of the target and of the other side belong together: they show the same. */

import type { Block, Span } from '../tree';

/** One or more blocks of the target that stand together in one piece of its source. */
export interface Unit extends Span {
  blocks: Block[];
}

/** Units of the target and blocks of the source that show the same: ranges, end exclusive. */
export interface Segment {
  units: [number, number];
  blocks: [number, number];
}

/** True where all blocks of a segment are still there, side by side. A segment without any always is. */
export function isIntact({ blocks: [first, end] }: Segment, same: ReadonlyMap<number, number>): boolean {
  for (let at = first; at < end; at++) {
    const now = same.get(at);
    if (now === undefined || (at > first && now !== (same.get(at - 1) ?? -2) + 1)) return false;
  }
  return true;
}

/** Blocks with their places; what has none, or shares one, goes with the block before. */
export function unitsOf(blocks: readonly Block[]): Unit[] {
  const units: Unit[] = [];
  for (const block of blocks) {
    const last = units.at(-1);
    const { span } = block;
    if (span && (!last || span.start >= last.end)) units.push({ ...span, blocks: [block] });
    else if (last) {
      last.blocks.push(block);
      if (span) last.end = Math.max(last.end, span.end);
    } else return [];
  }
  return units;
}

/** Ranges that overlap become one segment; units that show nothing are segments of their own. */
export function joined(ranges: readonly ([number, number] | undefined)[], unitCount: number): Segment[] {
  const segments: Segment[] = [];
  let nextUnit = 0;
  const skipTo = (unit: number, block: number): void => {
    for (; nextUnit < unit; nextUnit++) segments.push({ units: [nextUnit, nextUnit + 1], blocks: [block, block] });
  };
  ranges.forEach((range, block) => {
    const last = segments.at(-1);
    if (!range) {
      // the source shows a block that the target has not: it goes with the one before
      if (last) last.blocks[1] = block + 1;
      return;
    }
    if (last && range[0] < nextUnit) {
      while (segments.length > 1 && (segments.at(-1)?.units[0] ?? 0) > range[0]) {
        const dropped = segments.pop();
        const previous = segments.at(-1);
        if (dropped && previous) {
          previous.units[1] = dropped.units[1];
          previous.blocks[1] = Math.max(previous.blocks[1], dropped.blocks[1]);
        }
      }
      const present = segments.at(-1);
      if (present) {
        present.units[1] = Math.max(present.units[1], range[1] + 1);
        present.blocks[1] = block + 1;
        nextUnit = Math.max(nextUnit, present.units[1]);
      }
      return;
    }
    skipTo(range[0], block);
    segments.push({ units: [range[0], range[1] + 1], blocks: [block, block + 1] });
    nextUnit = range[1] + 1;
  });
  skipTo(unitCount, ranges.length);
  return segments;
}
