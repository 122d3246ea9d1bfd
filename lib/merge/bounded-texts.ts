/**
 * Rich text functions with a limit, for the engine and the steps. A text that is clearly cheap is read, written and
 * merged at once. Any other text is processed in a separate process (lib/limits). If it exceeds the limit there, it is
 * shown as plain text, with a loss that says why. Anyone who can file an issue writes these texts, and Markdown and
 * HTML parsers have inputs of a few kilobytes that take minutes.
 */

import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';
import { type Job, type JobAnswer, LimitedProcesses, type ProcessLimits } from '../limits/process';
import { atOnce, bounded, settled } from '../limits/settle';
import type { Dialect, RichText, RichTextFormat } from '../model/values';
import {
  asItStands,
  type ConvertContext,
  convert,
  type Loss,
  type Mentioned,
  type MentionInput,
  type MergeInput,
  mergeRichText,
  type NamedPicture,
  picturesOf,
  withMentions,
} from '../richtext';

export const TEXT_LIMITS: ProcessLimits = { ms: 10_000, memoryMb: 256, processes: 2, idleMs: 60_000 };

/**
 * Maximum product of characters and signs for reading a text at once. The worst known inputs take 12 ns per unit. An
 * ordinary text of ten kilobytes with a few hundred signs is below the limit.
 */
const MOST_COST = 4_000_000;
/** A merge reads and writes its texts several times. */
const MERGE = 4;

/** In JSON and in tags, signs are frequent and harmless, but nesting and attributes are not. */
const SHARE: Partial<Record<RichTextFormat, number>> = { adf: 20, html: 10 };

const NO_SIGN = /[\p{L}\p{N} ]/u;

interface Content {
  content: string;
  /** undefined for a text without markup */
  format?: RichTextFormat | undefined;
}

/** True if the product of characters and signs is small. Linear time, and immediate for long texts. */
function isWithin(texts: readonly Content[], limit: number): boolean {
  let length = 0;
  for (const { content } of texts) length += content.length;
  if (length * length <= limit) return true;
  let signs = 0;
  for (const { content, format } of texts) {
    const share = format && SHARE[format];
    if (share !== undefined) signs += content.length / share;
    else {
      for (let at = 0; at < content.length && signs * length <= limit; at++) {
        const code = content.charCodeAt(at);
        if (!(code < 128 ? isPlain(code) : NO_SIGN.test(content[at] as string))) signs += 1;
      }
    }
    if (signs * length > limit) return false;
  }
  return true;
}

/** A letter or a blank. Digits are excluded because they start list items. */
const isPlain = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 32;

/** True for texts that take a few milliseconds at most, whatever they contain. */
export const isCheapToRead = (texts: readonly Content[]): boolean => isWithin(texts, MOST_COST);
export const isCheapToMerge = (texts: readonly Content[]): boolean => isWithin(texts, MOST_COST / MERGE);

type Written = { text: RichText; losses: Loss[] };

/** @see convert in lib/richtext */
export function boundedConvert(text: RichText, format: RichTextFormat, context: ConvertContext = {}): Written {
  return bounded(
    { name: 'convert', args: [text, format, context] },
    () => isCheapToRead([text]),
    () => convert(text, format, context),
    (why) => asItStands(text, format, context, why ?? 'takes too long to be read'),
  );
}

/** The conversion in the form the field mapper needs: the text, and the losses as one sentence. */
export function boundedConverter(
  text: RichText,
  format: RichTextFormat,
  into?: Dialect,
): RichText & { lossy?: string } {
  const { text: converted, losses } = boundedConvert(text, format, { into });
  // the user chose a plain text field: that it has no formatting need not be reported
  const told = format === 'text' ? losses.filter(({ kind }) => kind === 'degraded') : losses;
  if (told.length === 0) return converted;
  return { ...converted, lossy: `is not shown in full: ${told.map(({ message }) => message).join(' ')}` };
}

/** The words of a text, for measuring it at once; its source if reading takes too long. */
export const plainTextOf = (text: RichText): string => atOnce(() => boundedConverter(text, 'text').content);

/** @see mergeRichText in lib/richtext. @returns undefined if that takes too long */
export function boundedMerge(input: MergeInput): RichText | undefined {
  return bounded(
    { name: 'mergeRichText', args: [input] },
    () => isCheapToMerge([input.target, input.before, input.after]),
    () => mergeRichText(input).text,
    () => undefined,
  );
}

/** @see withMentions in lib/richtext. @returns undefined also if that takes too long */
export function boundedMentions(input: MentionInput): Mentioned | undefined {
  const { source, target } = input;
  return bounded(
    { name: 'withMentions', args: [input] },
    () => isCheapToMerge([source.now, source.base, target].flatMap((text) => text ?? [])),
    () => withMentions(input),
    () => undefined,
  );
}

/** True while a text is being read, written or merged in another process. */
export const isReadingTexts = (): boolean => processes.isBusy;

/** @see picturesOf in lib/richtext. @returns none also if that takes too long */
export function boundedPictures(text: RichText): NamedPicture[] {
  return bounded(
    { name: 'picturesOf', args: [text] },
    () => isCheapToRead([text]),
    () => picturesOf(text),
    () => [],
  );
}

const WORKER = join(__dirname, `text-worker${extname(__filename)}`);
const processes = new LimitedProcesses(WORKER, TEXT_LIMITS);

/** Texts, alone or together, that have exceeded a limit, and how: each costs its time only once. */
const struck = new Map<string, string>();
const MOST_STRUCK = 500;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64');

/** The contents of all texts in a job's arguments. */
function contentsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(contentsIn);
  const content: unknown = Reflect.get(value, 'content');
  return typeof content === 'string' ? [content] : Object.values(value).flatMap(contentsIn);
}

async function run(job: Job): Promise<JobAnswer> {
  const texts = [...new Set(contentsIn(job.args).map(digest))].sort();
  const whole = texts.join(' ');
  const known = [...texts, whole].map((text) => struck.get(text)).find((why) => why !== undefined);
  if (known !== undefined) return { failed: known };
  const answer = await processes.run(job);
  if ('failed' in answer) {
    const [oldest] = struck.keys();
    if (struck.size >= MOST_STRUCK && oldest !== undefined) struck.delete(oldest);
    struck.set(whole, answer.failed);
  }
  return answer;
}

/**
 * The result of work that reads, writes or merges texts. Returned at once if all texts are cheap.
 * @param work synchronous and without effects: it may be called several times
 * @throws SyncError transient if a process is needed and none can be started
 */
export const settledTexts = <Result>(work: () => Result): Result | Promise<Result> => settled(work, run);
