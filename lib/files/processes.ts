/** Shared by processes that do dangerous work: an environment without secrets, and texts for why they ended. */

import { existsSync } from 'node:fs';

/** Only what Windows needs to start a program at all. */
export function bareEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => process.platform === 'win32' && /^SYSTEMROOT$/i.test(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']));
}

/**
 * Says why a process has ended without an answer, if the work is not the cause. An update by the palette manager
 * replaces the package's files while the old code still runs.
 * @param what completes "The process …"
 * @param file its program
 * @param how exit code or signal
 */
export function processEnded(what: string, file: string, how: number | string | null): string {
  const gone = existsSync(file) ? '' : `: its file ${file} is gone`;
  return (
    `The process ${what} cannot run (${how ?? 'no exit code'})${gone}. ` +
    'If Twinflow was updated or removed while Node-RED is running, restart Node-RED.'
  );
}
