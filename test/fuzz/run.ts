/**
 * One case of the fuzzer, and many: a hostile text is read and written in another format, an edit of it is merged into the
 * other side's text, two edits are merged line by line, and what is asked of every text while it is synced is asked. All of
 * it as the engine and the steps do it, with their limits. Watched are this process's event loop, exceptions, and what comes
 * out.
 */

import { join } from 'node:path';
import { LimitedProcesses } from '../../lib/limits/process';
import { atOnce } from '../../lib/limits/settle';
import { equalValues } from '../../lib/mapping/compare';
import { boundedConvert, boundedMerge, settledTexts } from '../../lib/merge/bounded-texts';
import { asStored, hasArrived, mergeTexts, respelled } from '../../lib/merge/values';
import { SyncError } from '../../lib/model/errors';
import type { RichText } from '../../lib/model/values';
import { looksEmpty, withQuietMentions } from '../../lib/richtext';
import { edited, FUZZED, hostileText, pick, type Random, randomOf } from './texts';

export interface FuzzReport {
  cases: number;
  /** the longest stretch of this process's own computing between two turns of its event loop, in milliseconds */
  worstStallMs: number;
  /** exceptions */
  crashes: number;
  /** outputs in which something could run */
  unsafe: number;
  /** texts that were shown as they stand, since reading them struck a limit */
  shown: number;
  /** seeds of the cases that stalled longest, crashed or were unsafe */
  seeds: { worstStall: number; crashes: number[]; unsafe: number[] };
}

export interface FuzzOptions {
  /** of the first case; each further one has the next */
  seed: number;
  /** milliseconds after which no further case is begun */
  ms?: number;
  /** so many cases at most */
  cases?: number;
  /** characters of the largest text */
  size?: number;
}

const MOST_SEEDS = 20;

/** The longest turn of the event loop, by the time that this thread computed: other processes' work is none of ours. */
class Stalls {
  private worst = 0;
  private last = process.threadCpuUsage();
  private readonly timer = setInterval(() => this.tick(), 2);

  tick(): void {
    const { user, system } = process.threadCpuUsage(this.last);
    this.worst = Math.max(this.worst, (user + system) / 1000);
    this.last = process.threadCpuUsage();
  }

  /** The worst since the last call. */
  take(): number {
    this.tick();
    const { worst } = this;
    this.worst = 0;
    return worst;
  }

  /** What was computed since the last tick was the fuzzer's own. */
  skip(): void {
    this.last = process.threadCpuUsage();
  }

  end(): void {
    clearInterval(this.timer);
  }
}

/** A turn of the event loop, so that two pieces of work don't count as one. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 4));

interface Made {
  outputs: RichText[];
  shown: number;
}

async function oneCase(random: Random, size: number, stalls: Stalls): Promise<Made> {
  const from = pick(random, FUZZED);
  const to = pick(
    random,
    FUZZED.filter((format) => format !== from),
  );
  const length = Math.ceil(pick(random, [0.02, 0.1, 0.3, 1, 1]) * size);
  const text = hostileText(random, from, length);
  const other = hostileText(random, to, length);
  const [after, theirs] = [edited(random, text), edited(random, text)];
  stalls.skip();
  const into = pick(random, [undefined, { hardBreaks: true } as const, { plainTags: true, mentions: 'ids' } as const]);
  const made: Made = { outputs: [], shown: 0 };
  const keep = ({ text: output, losses }: { text: RichText; losses: { kind: string }[] }): RichText => {
    made.outputs.push(output);
    if (losses.some(({ kind }) => kind === 'degraded')) made.shown += 1;
    return output;
  };
  const target = keep(await settledTexts(() => boundedConvert(text, to, { into })));
  await turn();
  for (const there of [target, other]) {
    const merged = await settledTexts(() => boundedMerge({ target: there, before: text, after }));
    if (merged && there === target) made.outputs.push(merged);
    await turn();
  }
  await settledTexts(() => mergeTexts({ base: text, ours: after, theirs, oursFirst: true, type: 'richtext' }));
  await turn();
  await settledTexts(() => mergeTexts({ base: text, ours: after, theirs, oursFirst: true, type: 'richtext' }, 'ours'));
  await turn();
  atOnce(() => asStored(text, after, theirs, 'richtext'));
  await turn();
  atOnce(() => respelled(text, theirs));
  await turn();
  atOnce(() => hasArrived(text, after, theirs));
  await turn();
  equalValues(text, after, 'richtext');
  looksEmpty(text);
  withQuietMentions(text, after);
  await turn();
  return made;
}

/** Runs cases until the time or their number is over. */
export async function fuzz({
  seed,
  ms = Number.POSITIVE_INFINITY,
  cases = Number.POSITIVE_INFINITY,
  size = 60_000,
}: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = {
    cases: 0,
    worstStallMs: 0,
    crashes: 0,
    unsafe: 0,
    shown: 0,
    seeds: { worstStall: seed, crashes: [], unsafe: [] },
  };
  const checker = new LimitedProcesses(join(__dirname, 'checker.ts'), {
    ms: 10_000,
    memoryMb: 512,
    processes: 1,
    idleMs: 60_000,
  });
  const begin = Date.now();
  // formats are loaded when they are first used: not what is measured
  for (const format of FUZZED) boundedConvert({ format: 'text', content: 'x' }, format);
  for (const format of FUZZED) boundedConvert({ format, content: '' }, 'text');
  const stalls = new Stalls();
  try {
    for (let at = seed; report.cases < cases && Date.now() - begin < ms; at++) {
      report.cases += 1;
      stalls.take();
      let made: Made = { outputs: [], shown: 0 };
      try {
        made = await oneCase(randomOf(at), size, stalls);
      } catch (error) {
        if (error instanceof SyncError && error.kind === 'transient') throw error;
        report.crashes += 1;
        if (report.seeds.crashes.length < MOST_SEEDS) report.seeds.crashes.push(at);
      }
      const worst = stalls.take();
      if (worst > report.worstStallMs) {
        report.worstStallMs = Math.round(worst);
        report.seeds.worstStall = at;
      }
      report.shown += made.shown;
      const answer = await checker.run({ name: 'unsafe', args: made.outputs });
      if ('result' in answer && Array.isArray(answer.result) && answer.result.length > 0) {
        report.unsafe += 1;
        if (report.seeds.unsafe.length < MOST_SEEDS) report.seeds.unsafe.push(at);
      }
    }
  } finally {
    stalls.end();
    checker.close();
  }
  return report;
}
