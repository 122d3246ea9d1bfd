/** Options of the HTTP client in a separate file: plain data that the contract uses, without Node.js types. */

export interface HttpOptions {
  /** one call with its repetitions, milliseconds; default 60,000 */
  timeoutMs?: number;
  /** until the connection is established, TLS included, milliseconds; default 15,000 */
  connectTimeoutMs?: number;
  /** longest pause in the transfer of a file, milliseconds; default 60,000 */
  idleMs?: number;
  /** connections open at the same time; default 8 */
  maxSockets?: number;
  /** largest answer, bytes; default 64 MB */
  maxBytes?: number;
  /** repetitions of an idempotent request after a temporary failure; default 2 */
  retries?: number;
  /** as from Node-RED's `http proxy` node */
  proxy?: { url: string; username?: string; password?: string; noProxy?: string[] };
  /** as from Node-RED's `tls-config` node: PEM texts */
  tls?: { ca?: string; cert?: string; key?: string; passphrase?: string; servername?: string; verify?: boolean };
  /** called once per request sent, for counters and request logs; status undefined = no answer */
  onRequest?: (method: string, path: string, status: number | undefined) => void;
  /** asked before each request, repetitions and redirects included, and informed about each answer */
  gate?: RequestGate;
}

/** Allows requests one by one: the shared budget of a system. */
export interface RequestGate {
  /**
   * @param request for error texts, without secrets: "GET /issues.json on redmine.example.com"
   * @returns at once if nothing limits; its `done` must be called, whatever the outcome of the request
   * @throws SyncError rateLimited (no turn in reasonable time), transient (the gate was closed). Nothing was sent.
   */
  enter(request: string): GatePass | Promise<GatePass>;
}

export interface GatePass {
  /** @param status of the answer; undefined = no answer */
  done(status: number | undefined, rate?: RateAnswer): void;
}

/** Limits reported by an answer: @see rateAnswer in rate-limits.ts */
export interface RateAnswer {
  quotas: Quota[];
  /** no request is to be sent before this time */
  retryAfterMs?: number;
  /** the refusal concerns one entity: others may be requested */
  ofOne?: true;
  /** how long the server delayed this request */
  delayedMs?: number;
}

/** One limit of the server after an answer. */
export interface Quota {
  /** a server may have several limits with different names */
  name: string;
  /** size of a whole window or a full bucket */
  limit?: number;
  /** in the server's unit: requests, points, throughput units */
  remaining: number;
  /** milliseconds from now until it is full again, or would be without further requests; up to 1 s too long or too
   * short */
  resetMs: number;
  /** exceeding it slows requests down; they are refused only much later */
  soft?: boolean;
}
