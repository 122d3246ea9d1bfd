/** The matches that a sheet has for some values or users, for a form that checks them repeatedly: the last few
 * sheets stay in memory. */

import { indexSheet } from '../mapping/tables/sheet-index';
import type { SheetCounterparts } from '../mapping/tables/totality';
import type { Item, RowSheet } from '../mapping/values';
import type { SheetSource } from '../model/config';
import { checkFile, fileOf, stampOf } from './files';
import { columnsOfFile } from './runner';

const MOST_KEPT = 2;
const KEPT_MS = 120_000;

export class SheetLookUps {
  private readonly kept = new Map<string, Promise<RowSheet>>();
  private timer: NodeJS.Timeout | undefined;
  private readonly dataFolder: () => string;

  constructor(dataFolder: () => string) {
    this.dataFolder = dataFolder;
  }

  /** @throws SyncError invalid if the file cannot be read or has no such sheet or column */
  async counterparts(source: SheetSource, ignoreCase: boolean, ones: Item[], twos: Item[]): Promise<SheetCounterparts> {
    const { forward, backward } = await this.tables(source, ignoreCase);
    return {
      forward: ones.map((value) => forward?.find(value)?.name ?? null),
      backward: twos.map((value) => backward?.find(value)?.name ?? null),
    };
  }

  private async tables(source: SheetSource, ignoreCase: boolean): Promise<RowSheet> {
    const file = fileOf(this.dataFolder(), source.from);
    await checkFile(file, source.from);
    const key = JSON.stringify([source, ignoreCase, await stampOf(file)]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.kept.clear(), KEPT_MS);
    this.timer.unref();
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const { sheet, one, two, backward } = source;
    const tables = columnsOfFile(file, sheet, { one, two }).then((columns) =>
      indexSheet(columns, { ignoreCase, backward }),
    );
    this.kept.set(key, tables);
    tables.catch(() => this.kept.delete(key));
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return tables;
  }
}
