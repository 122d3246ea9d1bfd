/**
 * People whom texts mention, from the source to the target: the one place where that is asked, for creates and updates, live, in
 * dry runs and in plans. People are matched as those of user fields are: by the value mappers' tables, by address, login and
 * name (lib/mapping/users.ts). Who is mentioned natively was found in the target's own directory, so that nobody is invited.
 */

import type { Connection } from '../../connectors/connector';
import { mentionedPerson, type PeopleRules } from '../../mapping/users';
import {
  type FieldMentions,
  type Form,
  isRichText,
  itemLink,
  itemMention,
  itemsOf,
  MENTION_AS_NAME,
  type Mentions,
  mentionsOf,
  PICTURE_AS_NAME,
} from '../../merge/mentions';
import type { MentionPolicy } from '../../model/config';
import type { Entity, EntityId, ProjectId } from '../../model/entity';
import { append } from '../../model/lists';
import type { SyncMessage } from '../../model/message';
import type { Fields, RichText, UserValue } from '../../model/values';
import { asked } from '../asked';
import type { Users } from '../people';
import { type CounterpartsInput, counterpartsOf } from './counterparts';
import { type AwaitedPictures, type PictureInput, Pictures } from './pictures';

/** What each system says of its people. */
export interface Mentioning {
  /** id of the system node */
  id: string;
  name: string;
  connection(): Pick<Connection, 'mentions' | 'pictures' | 'byKey'>;
  users: Pick<Users, 'find'>;
}

export interface MentionedInput {
  source: Mentioning;
  target: Mentioning;
  rules(): PeopleRules;
  /** by which items in texts find their counterparts */
  items: CounterpartsInput;
  /** by which pictures in texts find their copies */
  pictures: Pick<PictureInput, 'store' | 'side' | 'isFile' | 'attachments'>;
}

/** Of one text; more are shown as names. */
const MOST_PEOPLE = 200;
const A_DAY_MS = 24 * 60 * 60_000;
const JUST_NOW_MS = 15 * 60_000;

/**
 * A backlog: what many events wait for, or a poll reads on and on; and a new entity that nobody has touched for a day. What
 * somebody has changed just now is none, even behind a backlog.
 * @param isNew it has no counterpart yet
 */
export function belongsToBacklog(
  updatedAt: string,
  { now, isBulk, isNew }: { now: number; isBulk: boolean; isNew: boolean },
): boolean {
  const age = now - Date.parse(updatedAt);
  if (age < JUST_NOW_MS) return false;
  return isBulk || (isNew && age > A_DAY_MS);
}

/**
 * How the target shows the people, items and pictures that a message's texts name, by target field; the message without the
 * warning that they are lost; and the items and pictures that have no counterpart yet.
 * @param isBacklog the change belongs to one: names are written, unless the row wants real mentions
 * @param owner number of the link of the item whose attachments the texts show: its own, or of a comment the owner's
 * @param before the source's fields when last in sync
 * @throws SyncError – one of the systems is in trouble
 */
export async function withMentioned(
  input: MentionedInput,
  message: SyncMessage,
  entity: Entity,
  isBacklog: boolean,
  { owner, before = {} }: { owner?: number | undefined; before?: Fields } = {},
): Promise<{ message: SyncMessage; mentions?: Mentions; awaited: EntityId[]; pictures?: AwaitedPictures }> {
  const mentions: Mentions = {};
  const pictures = new Pictures(
    {
      ...input.pictures,
      source: input.source.connection().pictures,
      target: input.target.connection().pictures,
      targetName: input.target.name,
    },
    entity,
    owner,
  );
  const awaited: EntityId[] = [];
  const systems = { source: input.source.id, target: input.target.id };
  const { mapped = {} } = message.sync;
  for (const field of Object.keys(mapped)) {
    const want = Object.hasOwn(message.payload, field) ? message.payload[field] : undefined;
    const how = mapped[field];
    if (!how || how.corrected || !isRichText(want)) continue;
    const [only, ...more] = how.from;
    if (only === undefined || more.length > 0) continue;
    const text = Object.hasOwn(entity.fields, only) ? entity.fields[only] : undefined;
    if (!isRichText(text)) continue;
    const forms: FieldMentions['forms'] = {};
    for (const { id, name } of mentionsOf(text).slice(0, MOST_PEOPLE)) {
      const form = Object.hasOwn(forms, id.toLowerCase())
        ? undefined
        : await formOf(input, { id, name }, isBacklog, how.mentions);
      if (form) forms[id.toLowerCase()] = form;
    }
    const items = await itemForms(input, text, entity, { want, project: message.sync.target.project });
    Object.assign(forms, items.forms);
    append(awaited, items.awaited);
    const base = before[only];
    Object.assign(forms, await pictures.forms(text, want, isRichText(base) ? base : undefined));
    mentions[field] = { systems, forms };
  }
  if (Object.keys(mentions).length === 0) return { message, awaited };
  const waits = pictures.waits();
  return { message: withoutLoss(message, mentions), mentions, awaited, ...(waits && { pictures: waits }) };
}

/** Of one text; more are left as they are. */
const MOST_ITEMS = 50;

/**
 * Items that a text names: the counterpart as the target names its own, else a link to the item itself, since the same number is
 * a stranger's there.
 */
async function itemForms(
  { source, target, items }: MentionedInput,
  text: RichText,
  entity: Entity,
  { want, project }: { want: RichText; project: ProjectId },
): Promise<{ forms: Record<string, Form>; awaited: EntityId[] }> {
  const forms: Record<string, Form> = {};
  const awaited: EntityId[] = [];
  // within one system a number means the same on both sides
  if (source.id === target.id) return { forms, awaited };
  const named: { called: string; id: EntityId; key: string; url: string }[] = [];
  for (const called of itemsOf(text).slice(0, MOST_ITEMS)) {
    const key = /\/browse\/([A-Z][A-Z0-9_]{0,60}-\d{1,12})$/.exec(called)?.[1];
    if (called.startsWith('#')) {
      const url = addressOf(entity, called.slice(1));
      if (url !== undefined) named.push({ called, id: called.slice(1), key: called, url });
    } else if (key !== undefined && called.startsWith(`link:${originOf(entity.url)}/`)) {
      const found = await asked(() => source.connection().byKey?.(key) ?? Promise.resolve(undefined));
      if (found) named.push({ called, id: found.id, key, url: called.slice('link:'.length) });
    }
  }
  const found = await counterpartsOf(
    items,
    named.map(({ id }) => id),
  );
  const names = target.connection().mentions !== undefined;
  for (const { called, id, key, url } of named) {
    const refs = found.get(id) ?? [];
    const there = refs.find((ref) => ref.project === project) ?? refs[0];
    const link = itemLink(want.format, { key, url });
    if (there?.url === undefined) {
      if (link && !there) awaited.push(id);
      if (link) forms[called.toLowerCase()] = { ...link, name: key };
      continue;
    }
    const made = itemMention(want, { id: there.id, key: there.key, url: there.url }, names);
    if (made) forms[called.toLowerCase()] = { ...made, name: key, ...(link && { meanwhile: link.own }) };
  }
  return { forms, awaited };
}

const originOf = (url: string | undefined): string => (URL.canParse(url ?? '') ? new URL(url ?? '').origin : '-');

/** The address of another item of the same system, if an item's address ends with its number. */
const addressOf = ({ id, url }: Entity, other: string): string | undefined =>
  url?.endsWith(`/${id}`) ? `${url.slice(0, -id.length)}${other}` : undefined;

async function formOf(
  { source, target, rules }: MentionedInput,
  { id, name }: { id: string; name?: string },
  isBacklog: boolean,
  policy: MentionPolicy = 'new',
): Promise<Form | undefined> {
  const own = source.connection().mentions;
  // without mentions, what looks like one is a text that somebody has typed
  if (!own) return undefined;
  const known = await asked(() => own.person(id));
  if (known === undefined && name === undefined && own.byLogin) return undefined;
  const person: UserValue = { ...known, ...(known?.name === undefined && name !== undefined && { name }) };
  const shown = person.name ?? person.login ?? id;
  const found = await asked(() => mentionedPerson({ id, ...person }, rules(), (by) => target.users.find(by)));
  const there = target.connection().mentions;
  if (!found) return { name: shown, why: `${target.name} has no such user` };
  const called = found.name ?? found.login ?? shown;
  if (!there) return { name: called, why: `${target.name} knows no mentions` };
  if (policy === 'names') return { name: called, why: 'the row writes names' };
  if (policy === 'new' && isBacklog) return { name: called, why: 'in a backlog nobody is mentioned' };
  // a table may name somebody by words, or somebody who is not there: only who is found is mentioned, and nobody invited
  const alike =
    there.idOf(found) === undefined && found.name ? await asked(() => target.users.find({ name: found.name })) : found;
  const by = alike && there.idOf(alike);
  const seen = by === undefined ? undefined : await asked(() => there.person(by));
  if (by === undefined || seen === undefined) return { name: called, why: `${target.name} does not show the user` };
  return { name: seen.name ?? called, own: by };
}

/** How the field mapper says that pictures of Jira Cloud, or in them, are not shown. */
const AS_NAMES = new RegExp(
  `${PICTURE_AS_NAME}|The attached picture has no equivalent in [\\w .]{1,30}\\.(?= |$)`,
  'g',
);

/** Each mention that becomes a name, and each picture that becomes a link, gets its own warning. */
function withoutLoss(message: SyncMessage, mentions: Mentions): SyncMessage {
  const { unresolved, ...header } = message.sync;
  if (!unresolved) return message;
  const left = Object.entries(unresolved).flatMap(([field, why]): [string, typeof why][] => {
    const known = mentions[field];
    if (!why.lossy || !known) return [[field, why]];
    const hasPictures = Object.keys(known.forms).some((id) => id.startsWith('picture:'));
    const told = why.reason.replace(MENTION_AS_NAME, '').replace(hasPictures ? AS_NAMES : /(?!)/, '');
    if (told === why.reason) return [[field, why]];
    const reason = told.replace(/ {2,}/g, ' ').trim();
    return reason.endsWith('is not shown in full:') ? [] : [[field, { ...why, reason }]];
  });
  const sync = { ...header, ...(left.length > 0 && { unresolved: Object.fromEntries(left) }) };
  return { ...message, sync };
}
