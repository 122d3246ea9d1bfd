/** Placeholder of the shared HTTP client's options; the client itself follows in this file. */

export interface HttpOptions {
  /** whole request, milliseconds; preset 60,000 */
  timeoutMs?: number;
  /** as from Node-RED's `http proxy` node */
  proxy?: { url: string; username?: string; password?: string; noProxy?: string[] };
  /** as from Node-RED's `tls-config` node: PEM texts */
  tls?: { ca?: string; cert?: string; key?: string; passphrase?: string; servername?: string; verify?: boolean };
  /** called once per request that went out, for counters and request logs */
  onRequest?: (method: string, path: string, status: number | undefined) => void;
}
