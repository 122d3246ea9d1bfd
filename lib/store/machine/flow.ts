/** The number of a flow: that of its integration × 2, + 1 for side 2. */

import type { Side } from '../../model/entity';

export const sideOf = (flow: number): Side => (flow % 2 === 0 ? 1 : 2);
export const integrationOf = (flow: number): number => Math.floor(flow / 2);
export const flowOf = (integration: number, side: Side): number => integration * 2 + side - 1;
export const oppositeOf = (flow: number): number => (flow % 2 === 0 ? flow + 1 : flow - 1);
