/** Looks for what could run in a text, with parsers of its own: in a process of its own, since those have no limit. */

import type { Job, JobAnswer } from '../../lib/limits/process';
import type { RichText } from '../../lib/model/values';
import { unsafeIn } from '../richtext/unsafe';

process.on('disconnect', () => process.exit());
process.on('message', ({ args }: Job) => {
  const found = (args as RichText[]).flatMap((text) => unsafeIn(text));
  process.send?.({ result: found } satisfies JobAnswer);
});
process.send?.('ready');
