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
}
