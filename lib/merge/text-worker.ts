/** The process that reads, writes and merges long texts: one job, one answer. It is ended from outside when it takes too long. */

import type { Job, JobAnswer } from '../limits/process';
import { runUnlimited } from '../limits/settle';
import { convert, mergeRichText, picturesOf, withMentions } from '../richtext';
import { asStored, hasArrived, mergeTexts, respelled } from './values';

runUnlimited();

type Work = (...args: never[]) => unknown;

/** Keyed by the names that `bounded` is called with. */
const WORK: Record<string, Work> = {
  convert,
  mergeRichText: (input: Parameters<typeof mergeRichText>[0]) => mergeRichText(input).text,
  withMentions,
  picturesOf,
  mergeTexts,
  asStored,
  respelled,
  hasArrived,
};

function answer({ name, args }: Job): JobAnswer {
  const work = WORK[name];
  if (!work) return { failed: 'could not be read' };
  try {
    // the arguments are those that `bounded` passed together with a function of that name
    return { result: work(...(args as never[])) };
  } catch {
    return { failed: 'could not be read' };
  }
}

process.on('disconnect', () => process.exit());
process.on('message', (job: Job) => process.send?.(answer(job)));
process.send?.('ready');
