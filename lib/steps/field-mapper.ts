/** The field mapper: converts a message with source fields into one with target fields. */

import { isSystemFault } from '../engine/retry-policy';
import type { MappedFields } from '../mapping/fields';
import { withMappedFields } from '../mapping/message';
import { type RelevantFields, relevantFields } from '../mapping/relevant';
import type { Trace } from '../mapping/trace';
import type { MappingContext } from '../mapping/transform';
import { expressionReads, usesHelper } from '../mapping/transform-expression';
import { type CompiledMapping, compileMapping, type EvaluateAll } from '../mapping/transform-mapping';
import { acquireRunner, type RunnerOwner } from '../mapping/transform-runner';
import { boundedConverter, settledTexts } from '../merge/bounded-texts';
import type { FieldRow } from '../model/config';
import { type Direction, type Side, sourceSide } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import { helpersOf } from './helpers';
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
   * Returns at once if no expression has to be evaluated and no text takes long to be read.
   * @throws SyncError if a field mapper has already mapped the message, or if a system that an expression asked is in
   * trouble: then the message is retried instead of losing a field
   */
  map(message: SyncMessage, host: StepHost | undefined, trace?: Trace): SyncMessage | Promise<SyncMessage> {
    if (message.sync.mapped !== undefined) {
      throw new SyncError(
        'fatal',
        'Two field mappers handle the same type pair. Select other pairs in one of them, or remove it',
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

/** Data for mapping one message. The link is read only if an expression asks for it. */
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
  const helpers = helpersOf(message, host, (error) => {
    if (isSystemFault(error)) fault ??= error;
  });
  const context = await contextOf(message, host, mapping.expressions);
  const mapped = await mapping.map(message.payload, { ...context, helpers, trace });
  if (fault !== undefined) throw fault;
  return withMappedFields(message, mapped);
}
