/** The markup of long texts according to the server's settings, and how Redmine reads it. */

import type { Dialect, RichTextFormat } from '../../model/values';

export interface Markup {
  format: RichTextFormat;
  dialect: Dialect;
}

/**
 * In both, a line end is a line break (in CommonMark unless `common_mark_enable_hardbreaks` is false, which no API
 * reports), and `@login` sends a mail to that user.
 */
export const MARKUPS: Record<'textile' | 'markdown', Markup> = {
  textile: { format: 'textile', dialect: { mentions: 'names' } },
  markdown: { format: 'markdown', dialect: { hardBreaks: true, mentions: 'names' } },
};
