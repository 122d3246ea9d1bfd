/** New files as the target takes them: with a name of its, left out, or as a link to the original. Pure. */

import type { FileRules } from '../../connectors/connector';
import type { IntegrationConfig } from '../../model/config';
import type { Side } from '../../model/entity';
import { type FileLink, fitted, isFileLink, linkSize, linkTo, withoutName } from '../files';
import { partPair } from '../routing';
import type { Change } from './change';

/**
 * @param change of an attachment that is not deleted
 * @param rules of the target
 * @param from the side of the change
 */
export function filed(
  change: Change,
  rules: FileRules,
  { config, side }: { config: IntegrationConfig; side: Side },
): Change {
  const { entity, link, intent } = change.event;
  if (link && isFileLink(link, rules)) return { ...change, message: withoutName(change.message) };
  const { message, problem } = fitted(change.message, entity, rules);
  const its: Change = { ...change, message, file: problem === undefined ? {} : { problem } };
  if (link || partPair(config, side, entity)?.refused !== 'link') return its;
  const instead = linkTo(entity, rules);
  // an earlier attempt, of which it is not known whether it arrived, has sent a link
  const isBegun = intent?.fields.name === instead.name && intent.fields.size === linkSize(instead);
  return problem !== undefined || isBegun ? asLink(its, instead) : its;
}

/** @param change of a new file, which says why the file is not taken */
export function asLink(change: Change, link: FileLink): Change {
  const { message, file, notes } = change;
  const why = file?.problem === undefined ? '' : `: ${file.problem}`;
  const reason = `the file was not copied${why}. A text file with a link to the original takes its place`;
  return {
    ...change,
    file: { ...file, link },
    message: { ...message, payload: { ...message.payload, name: link.name } },
    asMapped: { ...change.asMapped, name: link.name },
    notes: [...notes, { field: '', reason }],
  };
}
