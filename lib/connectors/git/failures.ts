/** What git says when it fails, as an error with what to do. */

import { SyncError, type SyncErrorKind } from '../../model/errors';

interface Known {
  pattern: RegExp;
  kind: SyncErrorKind;
  advice: string;
}

const KNOWN: readonly Known[] = [
  {
    pattern:
      /authentication failed|could not read (username|password)|permission denied \(|invalid credentials|error: 40[13]/i,
    kind: 'auth',
    advice: 'Check login and password, or the SSH key of the account that Node-RED runs as',
  },
  {
    pattern: /dubious ownership/i,
    kind: 'forbidden',
    advice:
      'The repository belongs to another user of this machine: fetch it by https or ssh, or run Node-RED as its owner',
  },
  {
    pattern: /host key verification failed/i,
    kind: 'auth',
    advice: 'Connect once by ssh as the account that Node-RED runs as, to accept the host key',
  },
  {
    pattern:
      /could not resolve host|timed out|timeout|connection (refused|reset|closed)|early eof|hung up|unable to access|error: 5\d\d|unreachable|rpc failed|unexpected disconnect/i,
    kind: 'transient',
    advice: 'Twinflow tries again with the next poll',
  },
  { pattern: /no space left|disk quota/i, kind: 'transient', advice: "Free some space in Node-RED's user folder" },
  {
    pattern:
      /does not (appear to be a git repository|exist)|not a git repository|repository .*not found|project.* not be found/i,
    kind: 'notFound',
    advice: 'Check the address. Some servers give this answer if the account may not see the repository',
  },
];

const MOST = 400;

/** Where an address shows a login, it is left out: git repeats addresses. */
const without = (words: string): string => words.replace(/(\w+:\/\/)[^\s/@]*@/g, '$1');

/** @param how exit code or signal */
export function failureOf(about: string, command: string, words: string, how: number | string | null): SyncError {
  const lines = without(words)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(warning|hint|remote: (counting|compressing|enumerating))/i.test(line));
  const said = lines.join(' ').slice(0, MOST) || `git ${command} ended with ${how ?? 'no exit code'}`;
  const known = KNOWN.find(({ pattern }) => pattern.test(words));
  const advice = known ? `. ${known.advice}` : '';
  return new SyncError(known?.kind ?? 'transient', `${about}: ${said.replace(/[.\s]+$/, '')}${advice}`, {
    answer: said,
  });
}
