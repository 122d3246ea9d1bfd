/**
 * The store of this Node-RED and two memories of its state: a file in the user folder and Node-RED's own settings, both
 * independent of the store's file. A store that has vanished, or was set back to an earlier copy, is therefore noticed
 * when it is opened. If its file disappears while it is open, that is noticed, too.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StorePlace } from '../../lib/store/open';
import { takeStaged } from '../../lib/store/sqlite/backup';
import type { Store, Upkeep } from '../../lib/store/store';
import { type Doubt, doubtOf, doubtWords, further, readWitness, type Witness } from '../../lib/store/witness';

/** How often the store's state and the existence of its file are checked. */
const LOOK_MS = 5_000;
/** Minimum time between two writes of Node-RED's settings. */
const SETTINGS_MS = 60_000;
/** Maximum by which a system's clock may be ahead of the local one. */
const CLOCK_MS = 2 * 3_600_000;
const CLOSE_MS = 1_000;
const SIDE_FILE = '.twinflow-store.json';
const SETTING = 'twinflowStore';

/** The used part of Node-RED. */
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
    private readonly store: Pick<Upkeep, 'advance' | 'state' | 'close'>,
    private readonly place: StorePlace,
    private readonly folder: string,
    private readonly RED: KeeperHost,
    /** the problem found when it was opened */
    readonly doubt: Doubt | undefined,
  ) {}

  /** @throws StoreError */
  static async open(
    place: StorePlace,
    folder: string,
    RED: KeeperHost,
  ): Promise<{ store: Store; keeper: StoreKeeper }> {
    const aside = place.file === undefined ? undefined : takeStaged(place.file);
    const isNew = !place.exists();
    const store = await place.open();
    const state = await store.state();
    const last = further(fromFile(folder, RED), readWitness(setting(RED)));
    const doubt = doubtOf({ ...state, opened: state.opened - 1, at: '' }, isNew, last);
    if (doubt) {
      await store.setDoubt(new Date(Date.now() + CLOCK_MS).toISOString());
      RED.log.error(`[twinflow] ${doubtWords(doubt, place.name)}`);
    } else if (aside !== undefined) {
      // nobody knows what was created after the backup was made
      await store.setDoubt(new Date(Date.now() + CLOCK_MS).toISOString());
    }
    if (aside !== undefined) {
      const kept = aside === '' ? '' : ` The store that was there is kept as ${aside}.`;
      RED.log.warn(`[twinflow] The store ${place.name} was restored from a backup.${kept}`);
    }
    const keeper = new StoreKeeper(store, place, folder, RED, doubt);
    await keeper.remember(true);
    keeper.timer = setInterval(() => void keeper.look().catch(() => undefined), LOOK_MS).unref();
    return { store, keeper };
  }

  private async look(): Promise<void> {
    if (!this.place.exists() && !this.isGone) {
      this.isGone = true;
      this.RED.log.error(
        `[twinflow] The store ${this.place.name} was deleted while Node-RED runs. Everything goes on until the next full deploy or ` +
          'restart; then its links are lost. Restore a copy of it while Node-RED is stopped.',
      );
    }
    await this.remember(false);
  }

  /** @param isWhole in both places */
  private async remember(isWhole: boolean): Promise<void> {
    // counted in the store first: a later count implies that it was recorded there
    await this.store.advance();
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
      // Node-RED cannot store its settings, now or ever: the file remembers it
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    // Node-RED's settings may be written slowly: the file must not wait for them
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
    // reported below
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
