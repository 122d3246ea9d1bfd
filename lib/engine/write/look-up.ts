/**
 * Items that are in the target already, found by their fields before one is created. Values are only compared: a connector narrows
 * its search by them in its own way of quoting, and what was found is compared again here. A search that fails, or leaves open
 * whether something is there, fails the change: nothing may be created then.
 */

import type { FindQuery, FindResult } from '../../connectors/connector';
import { type IntegrationConfig, ITEM_KEY, ITEM_URL, type LookUpField, type LookUpRule } from '../../model/config';
import type { Entity, EntityRef, Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { SyncMessage } from '../../model/message';
import { isSameText, textFinder, textToFind } from '../../model/same-text';
import { otherSide } from '../../model/sides';
import type { FieldId, Fields, Value } from '../../model/values';
import { delivered, hidden } from './found';
import { type NameAsking, older, type SearchedSystem } from './named-batch';

/** Items that may match one, beyond which a search is no help. */
const MOST = 50;

/** An item that is about to be created in the target. */
export interface Sought {
  entity: Entity;
  side: Side;
  message: SyncMessage;
}

export function lookUpRule({ typePairs }: IntegrationConfig, { sync }: SyncMessage): LookUpRule | undefined {
  return typePairs.find(({ id }) => id === sync.pair)?.lookUp;
}

/** A field of the target, and what it has to show. */
interface Wanted {
  field: FieldId;
  name: string;
  value: Value;
  how: LookUpField['how'];
}

/** @returns undefined if one of the fields is empty: then nothing belongs to the item */
function wantedOf({ fields }: LookUpRule, { entity, side, message }: Sought): Wanted[] | undefined {
  const all = fields.map(({ one, two, how }): Wanted => {
    const [source, target] = side === 1 ? [one, two] : [two, one];
    const from = message.sync.mapped?.[target.id]?.from ?? [];
    // as the target calls it, if a row maps the one to the other
    const isMapped = how !== 'inside' && from.includes(source.id) && target.id in message.payload;
    const value = isMapped ? message.payload[target.id] : fieldOf(entity, entity.fields, source.id);
    return { field: target.id, name: target.name, value: value ?? null, how };
  });
  return all.every(({ value }) => textToFind(value) !== '') ? all : undefined;
}

function fieldOf({ key, url }: EntityRef, fields: Fields, field: FieldId): Value {
  if (field === ITEM_KEY) return key;
  if (field === ITEM_URL) return url ?? null;
  return fields[field] ?? null;
}

const shows = (entity: Entity, { field, value, how }: Wanted): boolean =>
  textFinder([value], how)(fieldOf(entity, entity.fields, field));

/** What is looked for of a batch of creates: asked for together. */
export class LookUps {
  private readonly found = new Map<string, Promise<Map<string, FindResult[] | SyncError>>>();

  constructor(
    private readonly integration: NameAsking,
    private readonly all: () => readonly Sought[],
  ) {}

  /**
   * Items of the target that the rule takes for the one, the oldest first.
   * @throws SyncError – it cannot be told
   */
  async of(rule: LookUpRule, one: Sought): Promise<Entity[]> {
    const wanted = wantedOf(rule, one);
    const [first] = wanted ?? [];
    if (!wanted || !first) return [];
    const target = this.integration.systems[otherSide(one.side)];
    const { found, unseen } = delivered(await this.candidates(target, rule, one, first));
    const { project, type } = one.message.sync.target;
    const fitting = found.filter(
      (entity) => entity.project === project && entity.type === type && wanted.every((each) => shows(entity, each)),
    );
    if (fitting.length === 0 && unseen) throw hidden(target.name, 'it is there already', unseen);
    return fitting.sort(older);
  }

  private async candidates(
    target: SearchedSystem,
    rule: LookUpRule,
    one: Sought,
    first: Wanted,
  ): Promise<FindResult[]> {
    const text = textToFind(first.value);
    if (first.field === ITEM_KEY) {
      const entity = await target.call(async (connection) => connection.byKey?.(text));
      return entity ? [entity] : [];
    }
    const { project, type } = one.message.sync.target;
    const place = JSON.stringify([one.side, project, type, one.message.sync.pair]);
    let asked = this.found.get(place);
    if (!asked) {
      const values = new Map([[text, first.value]]);
      for (const each of this.all()) {
        const { sync } = each.message;
        if (sync.pair !== one.message.sync.pair || sync.target.project !== project) continue;
        const [its] = wantedOf(rule, each) ?? [];
        if (its) values.set(textToFind(its.value), its.value);
      }
      asked = findEach(target, { project, type }, first, values);
      this.found.set(place, asked);
    }
    const results = (await asked).get(text) ?? [];
    if (results instanceof SyncError) throw results;
    return results;
  }
}

/** What has each of the texts in the field. An error that concerns a value alone is the result for it. */
async function findEach(
  system: SearchedSystem,
  at: Pick<FindQuery, 'project' | 'type'>,
  { field: id, name, how }: Wanted,
  values: ReadonlyMap<string, Value>,
): Promise<Map<string, FindResult[] | SyncError>> {
  const each = new Map<string, FindResult[] | SyncError>();
  const find = async (texts: string[]): Promise<void> => {
    const limit = MOST * texts.length;
    try {
      const some = texts.map((text) => values.get(text) ?? text);
      const found = await system.call(async (connection) => {
        if (!connection.find) throw new SyncError('invalid', 'nothing can be searched there');
        return connection.find({ ...at, field: { id, values: some, how } }, limit);
      });
      const { unseen } = delivered(found);
      // each asked for alone shows whose answer is not complete
      const isClear = unseen === undefined && found.length < limit;
      if (texts.length > 1 && !isClear) await halved(texts);
      else if (found.length >= limit) for (const text of texts) each.set(text, tooMany(name, text));
      else
        for (const text of texts)
          each.set(
            text,
            found.filter((one) => concerns(one, id, text, how)),
          );
    } catch (thrown) {
      // trouble of the system as a whole is nobody's own
      if (!(thrown instanceof SyncError) || (thrown.kind !== 'invalid' && thrown.kind !== 'notFound')) throw thrown;
      if (texts.length > 1) await halved(texts);
      else for (const text of texts) each.set(text, unsearchable(name, text, thrown));
    }
  };
  const halved = async (texts: string[]): Promise<void> => {
    const middle = Math.ceil(texts.length / 2);
    await find(texts.slice(0, middle));
    await find(texts.slice(middle));
  };
  await find([...values.keys()]);
  return each;
}

/** One that is not delivered may be any of them. */
const concerns = (one: FindResult, field: FieldId, text: string, how: LookUpField['how']): boolean =>
  one instanceof SyncError ||
  [one.fields[field] ?? null].flat().some((value) => isSameText(text, textToFind(value), how));

const tooMany = (name: string, text: string): SyncError =>
  new SyncError(
    'conflict',
    `Over ${MOST - 1} items may have "${text.slice(0, 60)}" in ${name}: look up by another field`,
  );

const unsearchable = (name: string, text: string, cause: SyncError): SyncError =>
  new SyncError(
    'conflict',
    `Whether "${text.slice(0, 60)}" is there in ${name} cannot be looked up: ${cause.message}`,
    {
      cause,
    },
  );
