/** Matches blocks of the target with blocks of the other side that show the same content. */

import type { Block, Span } from '../tree';

/** One or more blocks of the target that share one piece of its source. */
export interface Unit extends Span {
  blocks: Block[];
}

/** Units of the target and blocks of the source that show the same: ranges, end exclusive. */
export interface Segment {
  units: [number, number];
  blocks: [number, number];
}

/** True if all blocks of a segment still exist, side by side. Always true for a segment without blocks. */
export function isIntact({ blocks: [first, end] }: Segment, same: ReadonlyMap<number, number>): boolean {
  for (let at = first; at < end; at++) {
    const now = same.get(at);
    if (now === undefined || (at > first && now !== (same.get(at - 1) ?? -2) + 1)) return false;
  }
  return true;
}

/** Blocks with their places. A block without a place of its own is joined with the block before it. */
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

/** Overlapping ranges become one segment. Units that show nothing are segments of their own. */
export function joined(ranges: readonly ([number, number] | undefined)[], unitCount: number): Segment[] {
  const segments: Segment[] = [];
  let nextUnit = 0;
  const skipTo = (unit: number, block: number): void => {
    for (; nextUnit < unit; nextUnit++) segments.push({ units: [nextUnit, nextUnit + 1], blocks: [block, block] });
  };
  ranges.forEach((range, block) => {
    const last = segments.at(-1);
    if (!range) {
      // the source shows a block that the target does not have: it is joined with the block before it
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
