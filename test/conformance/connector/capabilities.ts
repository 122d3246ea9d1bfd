/**
 * What a connector may lack. A check that needs it is declared only where the harness does not name it as lacking, so no
 * check is ever skipped; and one check holds the harness to its word, so none is left out by mistake.
 */

import assert from 'node:assert/strict';
import type { FieldType, RichTextFormat } from '../../../lib/model/values';
import type { Capability, Sample } from './harness';
import type { Probe } from './probe';

type Has = (probe: Probe) => boolean | Promise<boolean>;

const sampleOf = (type: FieldType, multi?: boolean): Has => {
  return async (probe) => (await sampleOfType(probe, type, multi)) !== undefined;
};

const CAPABILITIES: Record<Capability, Has> = {
  write: ({ connection }) => connection.write !== undefined,
  find: ({ connection }) => connection.find !== undefined,
  searchableField: async (probe) => (await searchable(probe)) !== undefined,
  markersBack: ({ connection }) => connection.markersOf !== undefined,
  history: ({ connection }) => connection.history !== undefined,
  users: ({ connection }) => connection.users !== undefined,
  byKey: ({ connection }) => connection.byKey !== undefined,
  latest: ({ connection }) => connection.latest !== undefined,
  deletion: ({ person }) => person.remove !== undefined,
  richText: sampleOf('richtext', false),
  list: sampleOf('lookup'),
  user: sampleOf('user'),
  titleLength: async (probe) => (await probe.field(probe.system.title)).maxLength !== undefined,
  credentialsDie: ({ system }) => system.troubles?.credentialsDie !== undefined,
  poisonTitle: ({ system }) => system.troubles?.poisonTitle !== undefined,
  poisonEntity: ({ system }) => system.troubles?.poisonEntity !== undefined,
  leaveOut: ({ system }) => system.troubles?.leaveOut !== undefined,
  proxyAnswers: ({ system }) => system.troubles?.proxyAnswers !== undefined,
};

/** Declares a check that needs these capabilities, or nothing where one is lacking. */
export function checkWith(
  probe: Probe,
  needs: Capability | Capability[],
  title: string,
  run: () => Promise<void>,
): void {
  if (![needs].flat().some((need) => probe.lacks(need))) it(title, run);
}

/** Declares the check that the harness names what is lacking, and nothing else. */
export function capabilityChecks(probe: Probe): void {
  it('has what its harness does not name as lacking, and nothing of what it does', async () => {
    for (const name of Object.keys(CAPABILITIES) as Capability[])
      assert.equal(await CAPABILITIES[name](probe), probe.lacks(name) === undefined, `${name}: there?`);
  });
}

/** The first sample whose field is of this type. */
export async function sampleOfType(
  probe: Probe,
  type: FieldType,
  multi?: boolean,
): Promise<(Sample & { multi: boolean; format?: RichTextFormat }) | undefined> {
  for (const sample of probe.system.samples) {
    const field = await probe.field(sample.field);
    const isMulti = field.multi ?? false;
    if (field.type === type && isMulti === (multi ?? isMulti))
      return { ...sample, multi: isMulti, format: field.format };
  }
  return undefined;
}

/** A field by whose value `find` finds. */
export async function searchable(probe: Probe): Promise<string | undefined> {
  if (probe.system.searchable !== undefined) return probe.system.searchable;
  return (await sampleOfType(probe, 'text', false))?.field;
}
