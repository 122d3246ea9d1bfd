/** The `twinflow-writer` node: the end of the chain. Its output reports the result of each change. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { WriteFailure, type Writer } from '../../lib/engine/write/writer';
import { readWriterSettings } from '../../lib/mapping/node-settings';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { hostOf, type IntegrationHandle, integrationOf } from '../runtime/host';
import { savedDef } from '../runtime/saved';
import { NO_INTEGRATION } from '../runtime/step';
import { damageOf, entityOf, isSyncMessage, noSyncMessage } from '../shared/message';
import { brief } from '../shared/status';

interface WriterDef extends NodeDef {
  integration: string;
  batchSize: number;
  /** absent in older flows */
  dryRun?: boolean;
}

const STATUS_MS = 500;
const MOST_FAILING = 10_000;

/** Identifies one change, in any of its sendings. */
const changeOf = ({ sync }: SyncMessage): string => `${sync.integration} ${String(sync.event).split('.')[0]}`;

/** Counts for the status line, shown at most twice a second. */
class Tally {
  private landed = 0;
  /** changes that have failed and not landed since; each counts once, however often it is tried */
  private readonly failing = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly draw: (landed: number, failed: number) => void) {}

  /** @param change number of the change */
  add(what: 'landed' | 'failed', change: string): void {
    if (what === 'landed') this.landed += 1;
    if (what === 'landed') this.failing.delete(change);
    else if (this.failing.size < MOST_FAILING) this.failing.add(change);
    this.show();
  }

  show(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.draw(this.landed, this.failing.size);
    }, STATUS_MS).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** For a message of another integration: its change must not be written to this one's systems. */
function strayed(message: SyncMessage, here: IntegrationHandle, owner: IntegrationHandle | undefined): SyncError {
  const its = owner
    ? `the integration "${owner.config.name}"`
    : `an integration that is not deployed (${message.topic})`;
  return new SyncError(
    'invalid',
    `This message belongs to ${its}, this writer to "${here.config.name}". Connect it to that integration's writer.`,
  );
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  function WriterNode(this: Node, saved: WriterDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const { def = saved, newer } = savedDef(RED, this, 'twinflow-writer', saved);
    const handle = integrationOf(RED, def.integration);
    if (!handle) this.status({ fill: 'red', shape: 'ring', text: RED._(NO_INTEGRATION) });
    const { batchSize, dryRun } = readWriterSettings(def);
    const writer: Promise<Writer> | undefined = handle?.ready.then((integration) =>
      integration.writer({ batchSize, dryRun }),
    );
    writer?.catch(() => undefined); // each message that needs it reports it
    /** the error already reported to Catch nodes: one outage is one error, not one per message */
    let told = '';
    /** Number of changes that wait for the end of the dry run: after a restart, more than this writer has reported. */
    const shown = async (): Promise<number> => {
      const [one, two] = (await (await handle?.ready)?.counts()) ?? [];
      return (one?.shown ?? 0) + (two?.shown ?? 0);
    };
    const showDryRun = (): void => {
      shown().then(
        (count) => this.status({ fill: 'blue', shape: 'ring', text: RED._('writer.status.dryRun', { count }) }),
        () => undefined, // the store is unavailable; its users report that
      );
    };
    const tally = new Tally((landed, failed) => {
      const held = handle?.held;
      if (held?.why === 'same')
        this.status({ fill: 'red', shape: 'ring', text: RED._('writer.status.held', { name: held.by }) });
      else if (held?.why === 'moved')
        this.status({ fill: 'red', shape: 'ring', text: RED._('writer.status.moved', { name: held.system }) });
      else if (held) this.status({ fill: 'red', shape: 'ring', text: RED._('writer.status.doubt') });
      else if (told) this.status({ fill: 'red', shape: 'ring', text: RED._('writer.status.paused', { why: told }) });
      else if (dryRun) showDryRun();
      else
        this.status({
          fill: failed > 0 ? 'yellow' : 'green',
          shape: 'dot',
          text: RED._('writer.status.counts', { landed, failed }),
        });
    });
    if (handle && dryRun && newer === '') showDryRun();
    // the status of an ended dry run must not stay until something lands
    else if (handle && newer === '') this.status({});

    const report = (message: SyncMessage, thrown: unknown): Error | undefined => {
      const error = asSyncError(thrown);
      const isPaused = error instanceof WriteFailure && error.paused;
      // a change that waits for its system has not failed
      if (isPaused) tally.show();
      else tally.add('failed', changeOf(message));
      if (!isPaused) return error;
      const fault = brief(error);
      if (told === fault) return undefined;
      told = fault;
      return error;
    };

    const stopUse = handle?.use();
    const stopProgress = handle?.onProgress(() => {
      if (dryRun || handle.held) tally.show();
    });
    handle?.onHeld(() => tally.show());
    const stopListening = handle?.onSkipped((result) => this.send({ topic: handle.config.name, payload: result }));

    this.on('input', (message, send, done) => {
      if (!isSyncMessage(message)) {
        done(noSyncMessage());
        return;
      }
      if (!writer || !handle) {
        done(new SyncError('fatal', 'This writer has no integration: choose one and deploy'));
        return;
      }
      const received: SyncMessage = message;
      const owner = integrationOf(RED, received.sync.integration);
      const unusable = newer === '' ? undefined : new SyncError('fatal', newer);
      const error = unusable ?? (owner === handle ? damageOf(received) : strayed(received, handle, owner));
      if (error) {
        tally.add('failed', changeOf(received));
        const named = new SyncError(error.kind, entityOf(received) + error.message);
        // its event fails at once, in its own integration; otherwise it would count as in flight until the time limit
        const failing = owner?.fail(received, error) ?? Promise.resolve();
        failing.catch(() => undefined).then(() => done(named));
        return;
      }
      writer
        .then((ready) => ready.accept(received))
        .then(
          (result) => {
            told = '';
            tally.add('landed', changeOf(received));
            const { mapped: _mapped, unresolved: _unresolved, ...sync } = received.sync;
            send({ ...message, payload: result, sync });
            done();
          },
          (thrown: unknown) => {
            const error = report(received, thrown);
            // after a reported outage, calling done without an error would trigger Complete nodes
            if (error) done(error);
          },
        )
        .catch((error: unknown) => this.error(String(error)));
    });

    this.on('close', (done: () => void) => {
      tally.stop();
      stopListening?.();
      stopProgress?.();
      stopUse?.();
      const stop = async (): Promise<void> => {
        const ready = await writer?.catch(() => undefined);
        await ready?.stop();
        if (ready) (await handle?.ready)?.removeWriter(ready);
        await host.release();
      };
      stop()
        .catch((error: unknown) => this.warn(String(error)))
        .finally(done);
    });
  }

  RED.nodes.registerType('twinflow-writer', WriterNode);
};
