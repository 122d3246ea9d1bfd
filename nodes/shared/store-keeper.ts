/**
 * The store of this Node-RED, and who remembers how far it was: a file in the user folder and Node-RED's own settings, neither
 * of which goes with the store's file. So a store that has vanished, or was set back to a copy of before, is noticed when it is
 * opened; that its file is gone is noticed while it is open.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { type Doubt, doubtOf, doubtWords, further, readWitness, type Witness } from '../../lib/store/witness';

/** How often it is looked how far the store is, and whether its file is there. */
const LOOK_MS = 5_000;
/** How often Node-RED's settings are written, at most. */
const SETTINGS_MS = 60_000;
/** How far a system's clock may be ahead of ours. */
const CLOCK_MS = 2 * 3_600_000;
const CLOSE_MS = 1_000;
const SIDE_FILE = '.twinflow-store.json';
const SETTING = 'twinflowStore';

/** The part of Node-RED's that is used here. */
export interface KeeperHost {
  settings: { get?(name: string): unknown; set?(name: string, value: Witness): Promise<unknown> };
  log: { warn(text: string): void; error(text: string): void };
}

export class StoreKeeper {
  private timer: NodeJS.Timeout | undefined;
  private remembered = '';
  private settingsAt = 0;
  private isGone = false;

  private constructor(
    private readonly store: Store,
    private readonly file: string,
    private readonly folder: string,
    private readonly RED: KeeperHost,
    /** what was wrong with it when it was opened */
    readonly doubt: Doubt | undefined,
  ) {}

  /** @throws StoreError */
  static async open(file: string, folder: string, RED: KeeperHost): Promise<{ store: Store; keeper: StoreKeeper }> {
    const isNew = file !== ':memory:' && !existsSync(file);
    const store = await openSqliteStore({ file });
    const state = await store.state();
    const last = further(fromFile(folder, RED), readWitness(setting(RED)));
    const doubt = doubtOf({ ...state, opened: state.opened - 1, at: '' }, isNew, last);
    if (doubt) {
      await store.setDoubt(new Date(Date.now() + CLOCK_MS).toISOString());
      RED.log.error(`[twinflow] ${doubtWords(doubt, file)}`);
    }
    const keeper = new StoreKeeper(store, file, folder, RED, doubt);
    await keeper.remember(true);
    keeper.timer = setInterval(() => void keeper.look().catch(() => undefined), LOOK_MS).unref();
    return { store, keeper };
  }

  private async look(): Promise<void> {
    if (this.file !== ':memory:' && !existsSync(this.file) && !this.isGone) {
      this.isGone = true;
      this.RED.log.error(
        `[twinflow] The store ${this.file} was deleted while Node-RED runs. Everything goes on until the next full deploy or ` +
          'restart; then its links are lost. Restore a copy of it while Node-RED is stopped.',
      );
    }
    await this.remember(false);
  }

  /** @param isWhole at both places */
  private async remember(isWhole: boolean): Promise<void> {
    const state = await this.store.state();
    const changed = JSON.stringify(state) !== this.remembered;
    const witness: Witness = { ...state, at: new Date().toISOString() };
    if (changed || isWhole) {
      this.remembered = JSON.stringify(state);
      toFile(this.folder, witness, this.RED);
    }
    if (!isWhole && (!changed || Date.now() - this.settingsAt < SETTINGS_MS)) return;
    this.settingsAt = Date.now();
    try {
      await this.RED.settings.set?.(SETTING, witness);
    } catch {
      // Node-RED cannot keep its settings at present, or not at all: the file remembers it
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    // Node-RED's settings may be slow to be written: the file must not wait for them
    const late = new Promise<void>((resolve) => void setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([this.remember(true).catch(() => undefined), late]);
    await this.store.close();
  }
}

function setting(RED: KeeperHost): unknown {
  try {
    return RED.settings.get?.(SETTING);
  } catch {
    // Node-RED has no settings of its own here
    return undefined;
  }
}

function fromFile(folder: string, RED: KeeperHost): Witness | undefined {
  const path = join(folder, SIDE_FILE);
  if (!existsSync(path)) return undefined;
  try {
    const witness = readWitness(JSON.parse(readFileSync(path, 'utf8')));
    if (witness) return witness;
  } catch {
    // told below
  }
  RED.log.warn(
    `[twinflow] ${path} cannot be read: whether the store was set back is not known from it. It is made again.`,
  );
  return undefined;
}

function toFile(folder: string, witness: Witness, RED: KeeperHost): void {
  const path = join(folder, SIDE_FILE);
  try {
    writeFileSync(`${path}.new`, JSON.stringify(witness), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    RED.log.warn(`[twinflow] ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
