/**
 * What a person sees who has the editor open: the status below each node, and what debug nodes show in the sidebar.
 * Read from the same WebSocket that the editor reads from, so nothing counts as shown that the editor would not show.
 */

import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { SyncResult } from '../../../lib/model/message';
import type { NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

export interface Status {
  text: string;
  fill: string;
}

/** A Catch node's `msg.error`. */
export interface Problem {
  message: string;
  source: { id: string; type: string };
}

interface Shown {
  topic: string;
  data?: { id?: string; msg?: string; text?: string; fill?: string };
}

export class AdminView {
  /** by node id, the oldest first, without repetitions in a row */
  private readonly statuses = new Map<string, Status[]>();
  /** by debug node id, the oldest first, as JSON */
  private readonly debugged = new Map<string, string[]>();

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      const list = JSON.parse(String(data)) as Shown | Shown[];
      for (const shown of [list].flat()) this.take(shown);
    });
  }

  static async open(red: NodeRed): Promise<AdminView> {
    const socket = new WebSocket(`${red.url.replace('http', 'ws')}/comms`);
    await once(socket, 'open');
    const view = new AdminView(socket);
    for (const topic of ['status/#', 'debug']) socket.send(JSON.stringify({ subscribe: topic }));
    return view;
  }

  private take({ topic, data }: Shown): void {
    if (topic.startsWith('status/')) {
      const id = topic.slice('status/'.length);
      const history = this.statuses.get(id) ?? [];
      const status = { text: data?.text ?? '', fill: data?.fill ?? '' };
      if (!isDeepStrictEqual(history.at(-1), status)) history.push(status);
      this.statuses.set(id, history);
    } else if (topic === 'debug' && data?.id) {
      this.debugged.set(data.id, [...(this.debugged.get(data.id) ?? []), data.msg ?? '']);
    }
  }

  /** All statuses that a node has had. */
  history(node: string): Status[] {
    return this.statuses.get(node) ?? [];
  }

  status(node: string): Status | undefined {
    return this.history(node).at(-1);
  }

  /** Waits until a node's status reads so. */
  statusLike(node: string, text: RegExp, timeout = 20_000): Promise<Status> {
    return until(
      `the status of ${node} is like ${text}; it is "${this.status(node)?.text}"`,
      () => {
        const status = this.status(node);
        return status && text.test(status.text) ? status : undefined;
      },
      timeout,
    );
  }

  /** Everything that a debug node has shown, as text. */
  raw(node: string): string[] {
    return this.debugged.get(node) ?? [];
  }

  /** What the Catch node of a chain has received. */
  problems(chain: string): Problem[] {
    return this.raw(`${chain}-problems`).map((text) => JSON.parse(text) as Problem);
  }

  /** Waits for a problem that reads so. */
  async problemLike(chain: string, text: RegExp, timeout = 20_000): Promise<Problem> {
    try {
      return await until(
        `a problem of ${chain} is like ${text}`,
        () => this.problems(chain).find(({ message }) => text.test(message)),
        timeout,
      );
    } catch (error) {
      const seen = this.problems(chain).map(({ message }) => message);
      throw new Error(`${error instanceof Error ? error.message : error}; there is ${JSON.stringify(seen)}`);
    }
  }

  /** What the writer of a chain has reported. */
  results(chain: string): SyncResult[] {
    return this.raw(`${chain}-landed`).map((text) => JSON.parse(text) as SyncResult);
  }

  /** Waits for the writer's report on an entity. */
  resultOf(chain: string, key: string): Promise<SyncResult> {
    return until(`${key} has landed`, () => this.results(chain).find(({ source }) => source.key === key));
  }

  /** Everything shown to anybody, to look for what must not be there. */
  everything(): string {
    const texts = [...this.statuses.values()].flat().map(({ text }) => text);
    return [...texts, ...[...this.debugged.values()].flat()].join('\n');
  }

  close(): void {
    this.socket.close();
  }
}
