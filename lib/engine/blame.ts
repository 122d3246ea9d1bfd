/**
 * Who is to blame when a call for several entities fails (invariant 12): one of them, or the system? What fails as a whole
 * goes out again in smaller groups until the culprit stands alone. It is blamed only on evidence: the system answers for
 * others meanwhile. If it answers for nobody it pauses, with growing waits, and nobody is charged. The good case costs
 * no request more; a system that is down costs one for each pause.
 */

import { isWholeBatch } from '../connectors/whole-batch';
import type { SyncError } from '../model/errors';
import { append } from '../model/lists';
import { isSystemFault, pauses } from './retry-policy';
import type { Purpose, System } from './system';

/** An element that failed, perhaps without any fault of its own. */
export interface Doubt<W> {
  work: W;
  error: SyncError;
}

/** One kind of call, for elements that are tried together. */
export interface Trial<W> {
  purpose: Purpose;
  /** the same for each try of an element, also in later calls */
  key(work: W): string;
  /**
   * Tries them, and settles every element whose outcome is its own.
   * @returns those that the system has answered for, and those whose failure may be that of the system, of the request as
   *   a whole (`wholeBatch`), or their own
   */
  send(works: W[]): Promise<{ answered: W[]; doubts: Doubt<W>[] }>;
  /** The failure is the element's own, or of a kind that no system is blamed for. */
  charge(doubt: Doubt<W>): Promise<void>;
  /** The system is to blame; it is paused already. */
  excuse(doubts: Doubt<W>[]): Promise<void>;
  /** when an earlier try of the element failed with a fault that may have been the system's (ms since 1970) */
  failedAt(work: W): number | undefined;
  /** nothing else is there to be tried, which could tell whether the system answers */
  isOnly: boolean;
}

/** Elements that fail alone, one after the other, before the system counts as down. */
const MOST_IN_A_ROW = 4;
/** The only element that there is: faults in a row, with growing waits, before it is blamed where everything else works. */
const PATIENCE = 5;
const MOST_SUSPECTS = 5_000;

/** Tries all, and settles each one. */
export async function tryAll<W>(system: System, works: W[], trial: Trial<W>): Promise<void> {
  if (works.length > 0) await new Run(system, trial).all(works);
}

class Run<W> {
  private isAlive = false;
  private isDown = false;
  /** why nothing more is sent */
  private halt: SyncError | undefined;
  private inARow = 0;
  /** failed alone while the system answered for others */
  private readonly own: Doubt<W>[] = [];
  /** failed alone since the last answer */
  private open: Doubt<W>[] = [];
  private readonly excused: Doubt<W>[] = [];

  constructor(
    private readonly system: System,
    private readonly trial: Trial<W>,
  ) {}

  async all(works: W[]): Promise<void> {
    const doubted = works.length > 1 ? this.system.doubt(this.trial.purpose) : undefined;
    if (doubted) {
      // it was in trouble a moment ago: one is enough to see whether it still is
      await this.narrow(
        works.map((work) => ({ work, error: doubted })),
        1,
        false,
      );
    } else {
      const doubts = await this.send(works);
      if (doubts.length > 0) await this.narrow(doubts, 2, true);
    }
    await this.settle();
  }

  /** @returns those that failed together with others */
  private async send(works: W[]): Promise<Doubt<W>[]> {
    const { suspects } = this.system;
    const { answered, doubts } = await this.trial.send(works);
    if (suspects.size > 0) for (const work of answered) suspects.delete(this.trial.key(work));
    if (answered.length > 0) {
      this.isAlive = true;
      this.inARow = 0;
      append(this.own, this.open.splice(0));
      this.system.recovered(this.trial.purpose);
    }
    const together: Doubt<W>[] = [];
    for (const doubt of doubts) {
      if (isOfSystem(doubt.error)) {
        this.halt ??= doubt.error;
        this.excused.push(doubt);
      } else if (works.length > 1 && isWholeBatch(doubt.error)) together.push(doubt);
      else {
        this.open.push(doubt);
        if (answered.length === 0) this.inARow += 1;
      }
    }
    return together;
  }

  /**
   * @param probes how many are tried alone to see whether the system answers at all
   * @param failed they have been tried together; else with these errors nothing was sent yet
   */
  private async narrow(doubts: Doubt<W>[], probes: number, failed: boolean): Promise<void> {
    const { suspects } = this.system;
    const weight = ({ work }: Doubt<W>): number => suspects.get(this.trial.key(work)) ?? 0;
    let rest = [...doubts].sort((a, b) => weight(a) - weight(b));
    let missed = 0;
    // a body that is too large was answered, and says nothing against the system
    const isAnswered = failed && doubts.every(({ error }) => error.kind === 'invalid');
    while (!this.isAlive && !isAnswered && missed < probes && !this.halt) {
      const [probe, ...others] = rest;
      if (!probe) break;
      rest = others;
      await this.send([probe.work]);
      if (!this.isAlive) missed += 1;
    }
    if (!this.isAlive && !isAnswered) this.isDown = true;
    const queue = failed && missed === 0 ? halves(rest) : [rest];
    for (let group = queue.shift(); group; group = queue.shift()) {
      if (group.length === 0) continue;
      if (this.inARow >= MOST_IN_A_ROW) this.isDown = true;
      if (this.isDown || this.halt) append(this.excused, group);
      else queue.unshift(...halves(await this.send(group.map(({ work }) => work))));
    }
  }

  private async settle(): Promise<void> {
    const { suspects } = this.system;
    for (const doubt of this.open) {
      const key = this.trial.key(doubt.work);
      suspects.set(key, (suspects.get(key) ?? 0) + 1);
      if (this.isOwn(doubt)) this.own.push(doubt);
      else this.excused.push(doubt);
    }
    for (const key of suspects.keys()) {
      if (suspects.size <= MOST_SUSPECTS) break;
      suspects.delete(key);
    }
    const excused = this.excused.filter(({ error }) => pauses(error));
    for (const doubt of [...this.own, ...this.excused]) if (!excused.includes(doubt)) await this.trial.charge(doubt);
    const [first] = excused;
    if (!first) return;
    this.system.troubled(this.halt ?? first.error, this.trial.purpose);
    await this.trial.excuse(excused);
  }

  private isOwn({ work, error }: Doubt<W>): boolean {
    if (this.isAlive) return !this.isDown;
    const before = this.trial.failedAt(work);
    if (before === undefined) return false;
    if (this.system.answeredSince(this.trial.purpose, before)) return true;
    const { status } = error.detail;
    // 502 to 504 are said of the system
    const mayBeOwn = status === undefined || status === 500;
    const isPatient = this.system.faultsInARow(this.trial.purpose) >= PATIENCE;
    return this.trial.isOnly && mayBeOwn && isPatient && this.system.answeredSince('read', before);
  }
}

/** Certainly no element's fault. */
const isOfSystem = (error: SyncError): boolean =>
  isSystemFault(error) && (error.kind !== 'transient' || isUnsent(error));
const isUnsent = ({ detail }: SyncError): boolean => detail.unsent === true;

function halves<T>(all: T[]): T[][] {
  if (all.length < 2) return all.length === 0 ? [] : [all];
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}
