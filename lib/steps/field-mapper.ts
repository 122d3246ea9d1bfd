/** The field mapper: a message of source fields becomes one of target fields. */

import type { MappedFields } from '../mapping/fields';
import { withMappedFields } from '../mapping/message';
import { type RelevantFields, relevantFields } from '../mapping/relevant';
import type { Trace } from '../mapping/trace';
import type { Helpers, MappingContext } from '../mapping/transform';
import { expressionReads, usesHelper } from '../mapping/transform-expression';
import { type CompiledMapping, compileMapping, type EvaluateAll } from '../mapping/transform-mapping';
import { acquireRunner, type RunnerOwner } from '../mapping/transform-runner';
import type { FieldRow } from '../model/config';
import { type Direction, type Side, sourceSide, targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { RichText } from '../model/values';
import { boundedConverter, settledTexts } from '../sync/bounded-texts';
import { isSystemFault } from '../sync/failure';
import type { StepHost } from './host';

export class FieldMapperStep {
  /** the source fields that the rows read, by side */
  readonly relevant: Record<Side, RelevantFields>;
  private readonly mappings: Record<Direction, CompiledMapping>;
  private runner: ReturnType<typeof acquireRunner> | undefined;

  /** @param owner whose mappers share the process that evaluates expressions */
  constructor(rows: FieldRow[], owner: RunnerOwner) {
    this.relevant = relevantFields(rows, expressionReads);
    const options = { richText: boundedConverter, expressionReads };
    const evaluate: EvaluateAll = (expressions, payload, { entity, old, linked, helpers }, names) => {
      if (helpers === undefined) return Promise.resolve([]);
      this.runner ??= acquireRunner(owner);
      return this.runner.runner.evaluate(expressions, { payload, entity, old, linked, names }, helpers);
    };
    this.mappings = {
      forward: compileMapping(rows, 'forward', options, evaluate, settledTexts),
      backward: compileMapping(rows, 'backward', options, evaluate, settledTexts),
    };
  }

  /**
   * At once where no expression has to be evaluated, and no text takes long to be read.
   * @throws SyncError – a field mapper has mapped the message already; or a system that an expression asked is in trouble:
   *   the message is to be tried again, not to lose a field
   */
  map(message: SyncMessage, host: StepHost | undefined, trace?: Trace): SyncMessage | Promise<SyncMessage> {
    if (message.sync.mapped !== undefined) {
      throw new SyncError(
        'fatal',
        'Two field mappers work on the same entity-type pair: choose other pairs in one of them, or remove it',
      );
    }
    const mapping = this.mappings[message.sync.direction];
    const { entity } = message.sync;
    if (mapping.expressions.length > 0 && host !== undefined) {
      return mapWithExpressions(message, host, mapping, trace);
    }
    const mapped = mapping.map(message.payload, { entity, trace });
    const put = (fields: MappedFields): SyncMessage => withMappedFields(message, fields);
    return mapped instanceof Promise ? mapped.then(put) : put(mapped);
  }

  /** Id of the process that evaluates its expressions, if there is one. */
  get process(): number | undefined {
    return this.runner?.runner.process;
  }

  close(): void {
    this.runner?.release();
  }
}

const isRichText = (value: unknown): value is RichText =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'content') === 'string';

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** What expressions can ask: people of the target, the value mappers' tables, rich text as plain text. */
function helpersOf(message: SyncMessage, host: StepHost): Helpers {
  const { direction } = message.sync;
  return {
    async user(who) {
      const text = word(who);
      const person = (typeof who === 'object' && who !== null ? who : {}) as Record<string, unknown>;
      const email = word(person.email) ?? (text?.includes('@') ? text : undefined);
      const login = word(person.login) ?? text;
      const users = host.users(targetSide(direction));
      for (const address of email === undefined ? [] : [...host.addresses(direction, email), email]) {
        const found = await users.find({ email: address });
        if (found !== undefined) return found;
      }
      return login === undefined || login === email ? null : ((await users.find({ login })) ?? null);
    },
    lookup: (table, value) => host.lookUp(direction, String(table), value),
    text: (value) => (isRichText(value) ? settledTexts(() => boundedConverter(value, 'text').content) : value),
  };
}

/** What mapping one message may use. The link is read only where an expression asks for it. */
async function contextOf(message: SyncMessage, host: StepHost, expressions: string[]): Promise<MappingContext> {
  const { direction, entity } = message.sync;
  const context: MappingContext = { entity };
  if (!expressions.some((expression) => usesHelper(expression, ['old', 'linked']))) return context;
  const link = await host.linkOf(sourceSide(direction), entity.id);
  if (link === undefined) return context;
  const [source, target] = direction === 'forward' ? link.ends : [link.ends[1], link.ends[0]];
  return { ...context, old: source.baseline, linked: target.ref };
}

async function mapWithExpressions(
  message: SyncMessage,
  host: StepHost,
  mapping: CompiledMapping,
  trace: Trace | undefined,
): Promise<SyncMessage> {
  let fault: SyncError | undefined;
  const asked = helpersOf(message, host);
  const helpers: Helpers = {
    ...asked,
    async user(who) {
      try {
        return await asked.user(who);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (isSystemFault(error)) fault ??= error;
        throw error;
      }
    },
  };
  const context = await contextOf(message, host, mapping.expressions);
  const mapped = await mapping.map(message.payload, { ...context, helpers, trace });
  if (fault !== undefined) throw fault;
  return withMappedFields(message, mapped);
}
