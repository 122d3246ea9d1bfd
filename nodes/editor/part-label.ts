/** The display name of a part: its key says little. */

import type { AboutPart } from '../../lib/model/operations';
import { t } from './text';

/** "Comment by Ann on DEMO-17". Show it with `.text()`, never as HTML. */
export const partLabel = ({ type, by, owner }: AboutPart): string =>
  by === undefined ? t('part.of', { type, owner }) : t('part.by', { type, by, owner });

/** Its first words in quotation marks, or ''. */
export const partWords = ({ words }: AboutPart): string => (words ? t('part.words', { words }) : '');
