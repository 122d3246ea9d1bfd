/**
 * Answers of the store and the systems, each in a turn of its own: what the engine does with one is done before the next one
 * comes. Histories then do not depend on how many promises the engine waits for between two calls, and stay the same when that
 * number changes. Otherwise answers come as soon as they are there, which lets more of them meet.
 */

export class Answers {
  private readonly waiting: (() => void)[] = [];
  private running: Promise<void> | undefined;

  give(answer: () => void): void {
    this.waiting.push(answer);
    this.running ??= this.giveAll();
  }

  /** Settles once all have come. */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  private async giveAll(): Promise<void> {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (await turn(); ; await turn()) {
      const next = this.waiting.shift();
      if (!next) break;
      next();
    }
    this.running = undefined;
  }
}
