/**
 * GET /twinflow/events (twinflow.read): server-sent events for pages that show running integrations. Each names the
 * integrations of which something has changed since the last one; the page then asks for what it shows. At most one a
 * second, and none while nothing changes. Nothing is watched while no page is open.
 *
 * A stream ends after ten minutes, so that a login that has ended meanwhile is noticed; the page opens a new one.
 */

import { guardRoutes } from '../shared/guard';
import type { JsonHost } from './json-routes';

export interface LiveServices {
  /** @param listener called with the id of an integration of which something has changed. @returns how to stop */
  watch(listener: (integration: string) => void): () => void;
}

type Response = Parameters<ReturnType<JsonHost['auth']['needsPermission']>>[1];

const COLLECT_MS = 1_000;
const ALIVE_MS = 25_000;
const LONGEST_MS = 10 * 60_000;
/** Further pages are refused, and ask now and then. */
const MOST_STREAMS = 50;

/** Adds the route. @returns how to end all streams, as when Node-RED stops or deploys */
export function registerLive(host: JsonHost, { watch }: LiveServices, collectMs = COLLECT_MS): () => void {
  guardRoutes(host.httpAdmin);
  const streams = new Set<Response>();
  const changed = new Set<string>();
  let stop: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    timer = undefined;
    const data = `event: changed\ndata: ${JSON.stringify({ integrations: [...changed] })}\n\n`;
    changed.clear();
    for (const stream of streams) stream.write(data);
  };
  const noted = (integration: string): void => {
    changed.add(integration);
    timer ??= setTimeout(tell, collectMs);
    timer.unref();
  };
  const gone = (stream: Response): void => {
    streams.delete(stream);
    if (streams.size > 0) return;
    stop?.();
    stop = undefined;
    clearTimeout(timer);
    timer = undefined;
    changed.clear();
  };

  host.httpAdmin.get('/twinflow/events', host.auth.needsPermission('twinflow.read'), (_request, response) => {
    if (streams.size >= MOST_STREAMS) {
      response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
      response.end(JSON.stringify({ error: { kind: 'transient', message: 'Too many pages are open.' } }));
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      // a proxy must not keep what is for the page
      'x-accel-buffering': 'no',
    });
    response.write('event: open\ndata: {}\n\n');
    streams.add(response);
    stop ??= watch(noted);
    const alive = setInterval(() => response.write(': alive\n\n'), ALIVE_MS);
    const end = setTimeout(() => response.end(), LONGEST_MS);
    alive.unref();
    end.unref();
    response.on('close', () => {
      clearInterval(alive);
      clearTimeout(end);
      gone(response);
    });
  });
  return () => {
    for (const stream of streams) stream.end();
  };
}
