/** Options of the HTTP client, apart from it: plain data that the contract names, free of Node.js types. */

export interface HttpOptions {
  /** one call with its repetitions, milliseconds; preset 60,000 */
  timeoutMs?: number;
  /** until the connection stands, TLS included, milliseconds; preset 15,000 */
  connectTimeoutMs?: number;
  /** connections open at the same time; preset 8 */
  maxSockets?: number;
  /** largest answer, bytes; preset 64 MB */
  maxBytes?: number;
  /** repetitions of an idempotent request after a fault that may pass; preset 2 */
  retries?: number;
  /** as from Node-RED's `http proxy` node */
  proxy?: { url: string; username?: string; password?: string; noProxy?: string[] };
  /** as from Node-RED's `tls-config` node: PEM texts */
  tls?: { ca?: string; cert?: string; key?: string; passphrase?: string; servername?: string; verify?: boolean };
  /** called once per request that went out, for counters and request logs; status undefined = no answer */
  onRequest?: (method: string, path: string, status: number | undefined) => void;
  /** asked before each request that goes out, repetitions and redirects included, and told of each answer */
  gate?: RequestGate;
}

/** Lets requests out, one by one: the shared budget of a system. */
export interface RequestGate {
  /**
   * @param request for error texts, free of secrets: "GET /issues.json on redmine.example.com"
   * @returns at once where nothing limits; its `done` must be called, whatever becomes of the request
   * @throws SyncError rateLimited (there is no room in reasonable time), transient (the gate was closed). Nothing was sent.
   */
  enter(request: string): GatePass | Promise<GatePass>;
}

export interface GatePass {
  /** @param status of the answer; undefined = there was none */
  done(status: number | undefined, rate?: RateAnswer): void;
}

/** What an answer says about limits: @see rateAnswer in rate-limits.ts */
export interface RateAnswer {
  quotas: Quota[];
  /** nobody is to ask again before */
  retryAfterMs?: number;
  /** the server held this request back for so long */
  delayedMs?: number;
}

/** One limit of the server, as it stands after an answer. */
export interface Quota {
  /** a server may have several, told apart by name */
  name: string;
  /** what a whole window or a full bucket holds */
  limit?: number;
  /** in the server's unit: requests, points, throughput units */
  remaining: number;
  /** milliseconds from now until it is whole again, or would be if nothing were asked; up to 1 s too long or short */
  resetMs: number;
  /** passing it slows requests down, and refuses them only much later */
  soft?: boolean;
}
