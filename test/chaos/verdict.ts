/** Compares the systems after a chaos run: with each other, and with what people remember. */

import { openSqliteStore } from '../../lib/store/sqlite';
import { integrationId, pairsOf } from './flow';
import { type People, signed, signOf, type Written } from './people';
import { type Item, type Part, ROLES, type Role, type Tracker } from './tracker';

export interface Verdict {
  duplicates: number;
  lost: number;
  differences: number;
  /** the first findings in words */
  details: string[];
}

type Finding = 'duplicates' | 'lost' | 'differences';
type Say = (kind: Finding, text: string) => void;
/** What belongs together: one item of each system, in the order of the trackers. */
type Group = readonly Item[];

const MOST_DETAILS = 20;

/** @param userDir of the Node-RED, which has ended */
export async function judge(trackers: readonly Tracker[], userDir: string, people: People): Promise<Verdict> {
  const verdict: Verdict = { duplicates: 0, lost: 0, differences: 0, details: [] };
  const say: Say = (kind, text) => {
    verdict[kind] += 1;
    if (verdict.details.length < MOST_DETAILS) verdict.details.push(`${kind}: ${text}`);
  };
  const all: Item[][] = [];
  for (const tracker of trackers)
    all.push((await tracker.all()).map((item) => inWordsOfFirst(item, tracker, trackers)));
  const groups = await grouped(trackers, all, userDir, say);
  const { created } = people.counts;
  all.forEach((items, side) => {
    if (items.length !== created)
      say('duplicates', `people created ${created} bugs, system ${side + 1} has ${items.length}`);
  });
  for (const group of groups) judgeFields(group, people, say);
  const owners = new Map<string, Group>(
    groups.flatMap((group) => group.map(({ id }, side) => [`${side} ${id}`, group])),
  );
  for (const written of people.written.values()) {
    const group = owners.get(`${written.side} ${written.item}`);
    if (group) judgePart(group, written, say);
  }
  for (const group of groups) judgeOrder(group, people, say);
  return verdict;
}

/** With the priority as the first system calls it. */
function inWordsOfFirst(item: Item, { kind }: Tracker, [first]: readonly Tracker[]): Item {
  const { priority } = item.values;
  const words = first?.kind.priorities[kind.priorities.indexOf(priority)] ?? priority;
  return { ...item, values: { ...item.values, priority: words } };
}

/** By the links of all integrations, which in a ring need not be there between each two. */
async function grouped(trackers: readonly Tracker[], all: Item[][], userDir: string, say: Say): Promise<Group[]> {
  const groupOf = new Map<string, Map<number, Item[]>>();
  for (const [side, items] of all.entries()) {
    for (const item of items) groupOf.set(`${side} ${item.id}`, new Map([[side, [item]]]));
  }
  const store = await openSqliteStore({ file: `${userDir}/twinflow.sqlite` });
  try {
    for (const [nth, [one, two]] of pairsOf(trackers).entries()) {
      for (const { id } of all[one] ?? []) {
        const link = await store.linkOf(integrationId(nth), 1, id);
        const [here, there] = [groupOf.get(`${one} ${id}`), link && groupOf.get(`${two} ${link.ends[1].ref.id}`)];
        if (!here || !there || here === there) continue;
        for (const [side, items] of there) {
          here.set(side, [...(here.get(side) ?? []), ...items]);
          for (const item of items) groupOf.set(`${side} ${item.id}`, here);
        }
      }
      for (const side of await store.counts(integrationId(nth))) {
        const open = side.waiting + side.held + side.sent + side.retry + side.parked;
        if (open > 0) say('lost', `changes are still open: ${JSON.stringify(side)}`);
      }
    }
  } finally {
    await store.close();
  }
  const whole: Group[] = [];
  for (const group of new Set(groupOf.values())) {
    const items = trackers.map((_tracker, side) => group.get(side) ?? []);
    const names = items.map(
      (some) => some.map(({ id, values }) => `${id} (${values.title})`).join(' and ') || 'nothing',
    );
    if (items.some(({ length }) => length !== 1)) say('duplicates', `these belong together: ${names.join(' – ')}`);
    else whole.push(items.flat());
  }
  return whole;
}

function judgeFields(group: Group, { titles, externals }: People, say: Say): void {
  const [first, second] = group;
  for (const role of ROLES) {
    const values = group.map((item) => item.values[role]);
    if (new Set(values).size > 1)
      say('differences', `${role} of ${first?.id} and its counterparts: ${values.join(' | ')}`);
  }
  const check = (role: Role, typed: string | undefined): void => {
    for (const [side, { id, values }] of group.entries()) {
      if (typed !== undefined && values[role] !== typed)
        say('lost', `${role} "${typed}" of ${id} is "${values[role]}" in system ${side + 1}`);
    }
  };
  check('title', titles.get(first?.id ?? ''));
  check('external', externals.get(second?.id ?? ''));
}

/** A comment or a file is there once where it was written and once in each other system, as it was last edited. */
function judgePart(group: Group, written: Written, say: Say): void {
  for (const [side, { comments, files }] of group.entries()) {
    const isCopy = side !== written.side;
    const all = written.kind === 'file' ? files : comments;
    const found = all.filter((part) => signOf(part)?.token === written.token);
    const wanted = written.isDeleted || (isCopy && (written.isCopyDeleted || written.isInternal)) ? 0 : 1;
    const name = `${written.token} of ${group[written.side]?.id} (system ${written.side + 1}), in system ${side + 1}`;
    if (found.length > wanted) say('duplicates', `${name}: there ${found.length} times, ${JSON.stringify(found)}`);
    if (found.length < wanted) say('lost', `${name}: is not there`);
    for (const part of found.slice(0, wanted)) {
      if (signOf(part)?.version !== written.version) say('lost', `${name}: "${part.text}", not ${signed(written)}`);
      const digest = files.find(({ id }) => id === part.id)?.digest;
      if (written.digest !== undefined && digest !== written.digest)
        say('differences', `${name}: has other bytes, ${digest} and not ${written.digest}`);
    }
  }
}

/** What was written in one system stands in the same order in all of them. */
function judgeOrder(group: Group, { written }: People, say: Say): void {
  const [first, ...others] = group;
  if (!first) return;
  for (const kind of ['comments', 'files'] as const)
    for (const side of group.keys()) {
      const tokens = (parts: readonly Part[]): string[] =>
        parts
          .map((part) => signOf(part)?.token ?? '')
          .filter((token) => written.get(token)?.side === side && !written.get(token)?.isPublished);
      const common = (list: string[], other: string[]) => list.filter((token) => other.includes(token)).join();
      const here = tokens(first[kind]);
      for (const other of others) {
        const there = tokens(other[kind]);
        if (common(here, there) !== common(there, here))
          say('differences', `${kind} of ${first.id}: ${here.join()} there, ${there.join()} at ${other.id}`);
      }
    }
}
