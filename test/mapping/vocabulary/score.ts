/**
 * How often auto map is right, over the corpus. A proposal counts as wrong if it is neither an answer nor fair; so precision is the part of
 * all proposals that are not wrong, recall the part of all answers that are proposed. A wrong proposal costs two right ones, since someone
 * may overlook it: `score` = right − 2 × wrong.
 */

import { proposeFields, proposeTypes, proposeValues } from '../../../lib/mapping/auto-map';
import { type Answers, KINDS, type Kind, PAIRS } from './pairs';
import { fieldsOf, SYSTEMS } from './systems';

export interface Score {
  right: number;
  fair: number;
  wrong: number;
  /** answers that were not proposed */
  missing: number;
  precision: number;
  recall: number;
  score: number;
}

export interface Verdict {
  right: string[];
  fair: string[];
  wrong: string[];
  missing: string[];
}

const named = (names: readonly string[]) => names.map((name) => ({ id: name, name }));

/** What auto map proposes, as `one = two`. */
export function proposals({ one, two }: Answers, kind: Kind): string[] {
  const found =
    kind === 'fields'
      ? proposeFields(fieldsOf(one), fieldsOf(two))
      : kind === 'types'
        ? proposeTypes(named(SYSTEMS[one].types), named(SYSTEMS[two].types))
        : proposeValues(named(SYSTEMS[one][kind]), named(SYSTEMS[two][kind]));
  return [...new Set(found.map((pair) => `${pair.one.name} = ${pair.two.name}`))];
}

export function judge(pair: Answers, kind: Kind): Verdict {
  const lines = pair[kind]
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const readOnly = (system: Answers['one']): Set<string> =>
    new Set(fieldsOf(system).flatMap((field) => (field.readOnly ? field.name : [])));
  const [ones, twos] = [readOnly(pair.one), readOnly(pair.two)];
  // neither can be written: nothing to map, whatever they mean
  const isIdle = (line: string): boolean => {
    const [one = '', two = ''] = line.replace(/^~/, '').split(' = ');
    return kind === 'fields' && ones.has(one) && twos.has(two);
  };
  const answers = new Set(lines.filter((line) => !line.startsWith('~') && !isIdle(line)));
  const fair = new Set(lines.filter((line) => line.startsWith('~')).map((line) => line.slice(1)));
  const found = proposals(pair, kind);
  return {
    right: found.filter((line) => answers.has(line)),
    fair: found.filter((line) => fair.has(line) && !answers.has(line)),
    wrong: found.filter((line) => !fair.has(line) && !answers.has(line)),
    missing: [...answers].filter((line) => !found.includes(line)),
  };
}

export function scoreOf(verdicts: Verdict[]): Score {
  const sum = (part: keyof Verdict): number => verdicts.reduce((total, verdict) => total + verdict[part].length, 0);
  const [right, fair, wrong, missing] = [sum('right'), sum('fair'), sum('wrong'), sum('missing')];
  const share = (part: number, all: number): number => (all === 0 ? 1 : Math.round((part / all) * 1000) / 1000);
  return {
    ...{ right, fair, wrong, missing },
    precision: share(right + fair, right + fair + wrong),
    recall: share(right, right + missing),
    score: right - 2 * wrong,
  };
}

/** @param heldOut of the four pairs that were held out; undefined = of all twelve */
export function score(kind: Kind, heldOut?: boolean): Score {
  const pairs = PAIRS.filter((pair) => heldOut === undefined || (pair.heldOut === true) === heldOut);
  return scoreOf(pairs.map((pair) => judge(pair, kind)));
}

export const scores = (heldOut?: boolean): Record<Kind, Score> => ({
  fields: score('fields', heldOut),
  statuses: score('statuses', heldOut),
  priorities: score('priorities', heldOut),
  severities: score('severities', heldOut),
  types: score('types', heldOut),
});

/** What is not right on a pair, for people who change the rules. */
export const faults = (heldOut: boolean): string[] =>
  PAIRS.filter((pair) => (pair.heldOut === true) === heldOut).flatMap((pair) =>
    KINDS.flatMap((kind) => {
      const { wrong, missing } = judge(pair, kind);
      const at = `${pair.one} – ${pair.two}, ${kind}`;
      return [...wrong.map((line) => `${at}: wrong ${line}`), ...missing.map((line) => `${at}: missing ${line}`)];
    }),
  );

/** For the documentation, in Markdown. */
export function table(): string {
  const percent = (part: number): string => `${Math.round(part * 1000) / 10} %`;
  const line = (kind: Kind): string => {
    const cells = [false, true].flatMap((heldOut) => {
      const { right, fair, wrong, missing, precision, recall } = score(kind, heldOut);
      return [
        `${percent(precision)} (${right + fair} of ${right + fair + wrong})`,
        `${percent(recall)} (${right} of ${right + missing})`,
      ];
    });
    return `| ${kind} | ${cells.join(' | ')} |`;
  };
  return KINDS.map(line).join('\n');
}
