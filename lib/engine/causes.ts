/** Parked changes grouped by what stands in their way, so that a person mends a cause and not a thousand changes. */

import { createHash } from 'node:crypto';
import type { Advice, CauseView } from '../model/operations';
import type { EngineStore, ParkedError, StoredError } from '../store/store';

/** Errors read in one transaction: about ten milliseconds in which Node-RED stands still. */
const PORTION = 1_000;
/** Groups that a person can look through. More are counted with the last one that is listed. */
export const MOST_CAUSES = 200;

/** "Bug DEMO-17 → Azure DevOps: " at the start of a message: the entity, which is not the cause. */
const HEAD = /^[^:\n]{1,200} → [^:\n]{1,200}: /;

/** The message without what belongs to a single change: its entity, quoted values, numbers. */
export function withoutEntity(message: string): string {
  return message
    .slice(0, 1_000)
    .replace(HEAD, '')
    .replace(/"[^"\n]{0,300}"|“[^”\n]{0,300}”|„[^“\n]{0,300}“|'[^'\n]{1,300}'/g, '"…"')
    .replace(/\b[A-Z][A-Z\d_]*-\d+\b/g, '#')
    .replace(/#?\d+/g, '#')
    .trim();
}

/** Identifies a cause. Errors that a person mends in the same way have the same one. */
export function causeOf({ side, error }: Pick<ParkedError, 'side' | 'error'>): string {
  const fields = Object.entries(error.fields ?? {}).map(([field, why]) => `${field}: ${withoutEntity(why)}`);
  const said = fields.length > 0 ? fields.sort().join('\n') : withoutEntity(error.message);
  return createHash('sha256')
    .update([side, error.kind, error.node ?? '', said].join('\n'))
    .digest('hex')
    .slice(0, 16);
}

/** The one thing that a person can do. */
export function adviceFor({ kind, fields, node }: StoredError): Advice {
  switch (kind) {
    case 'conflict':
      return 'decide';
    case 'notFound':
      return 'counterpart';
    case 'forbidden':
      return 'permission';
    case 'auth':
      return 'signIn';
    case 'transient':
    case 'rateLimited':
      return 'retry';
    case 'invalid':
      return node !== undefined || Object.keys(fields ?? {}).length > 0 ? 'mapping' : 'value';
    default:
      return 'look';
  }
}

export class Causes {
  constructor(
    private readonly store: Pick<EngineStore, 'parkedErrors'>,
    private readonly integration: string,
    /** lets others go on between two portions */
    private readonly rest: () => Promise<void>,
  ) {}

  /** All causes, the most frequent first. */
  async list(): Promise<CauseView[]> {
    const causes = new Map<string, CauseView>();
    for await (const parked of this.all()) {
      const id = causeOf(parked);
      const known = causes.get(id);
      if (known) {
        known.count += 1;
        if (parked.error.at < known.first) known.first = parked.error.at;
        if (parked.error.at > known.last) known.last = parked.error.at;
      } else causes.set(id, causeView(id, parked));
    }
    return [...causes.values()].sort((a, b) => b.count - a.count || a.first.localeCompare(b.first));
  }

  /** Numbers of the events with a cause, in order. */
  async numbersOf(cause: string): Promise<number[]> {
    const numbers: number[] = [];
    for await (const parked of this.all()) if (causeOf(parked) === cause) numbers.push(parked.seq);
    return numbers;
  }

  private async *all(): AsyncIterable<ParkedError> {
    for (let after = -1; ; ) {
      const page = await this.store.parkedErrors(this.integration, after, PORTION);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < PORTION) return;
      after = last.seq;
      await this.rest();
    }
  }
}

/** The message without the entity, and without the ids of fields, whose names are shown beside it. */
function said({ message, fields = {} }: StoredError): string {
  const text = message.replace(HEAD, '');
  const byField = Object.entries(fields).map(([field, why]) => `${field}: ${why}`);
  return text === byField.join('; ') ? [...new Set(Object.values(fields))].join('; ') : text;
}

function causeView(id: string, { side, error }: ParkedError): CauseView {
  return {
    cause: id,
    side,
    kind: error.kind,
    fields: Object.keys(error.fields ?? {}),
    message: said(error),
    ...(error.node !== undefined && { node: error.node }),
    advice: adviceFor(error),
    count: 1,
    first: error.at,
    last: error.at,
  };
}
