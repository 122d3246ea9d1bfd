/**
 * What the embedded store costs, printed as JSON:
 *   cycle     events per second through record, claim, load, openIntents and land, in batches of 100, all creates;
 *             cpuPerEvent (microseconds) leaves out waiting for the disk and for other programs
 *   size      bytes of the file with that many links of 20 mapped fields on each side, all versions known
 *   backlog   milliseconds of a claim of 100 while 1,000 and while very many events wait (of which half are urgent ones in
 *             claimMsUrgent), a tenth as many are parked and some
 *             are held
 *   commit    milliseconds of one small transaction with synchronous=FULL (ours) and NORMAL
 *
 * node --import tsx test/bench/store.ts [links = 100000] [backlog = 1000000]
 */

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Entity, Fields, LookupValue, UserValue } from '../../lib/model';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Flow, Landing, LinkEnd, Store } from '../../lib/store/store';

const BATCH = 100;
const INTEGRATION = '3f2a9c41d07b88e1';
const SYSTEMS = ['a1b2c3d4e5f60718', '18f7e6d5c4b3a290'] as const;
const FORWARD: Flow = { integration: INTEGRATION, side: 1 };

/** The same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const pick = random(1);
const SYLLABLES =
  'ba be bi co da de di fe fi ga ge ho ka ke la le li ma me mi na ne no pa pe ra re ri sa se ta te ti ve'.split(' ');
/** 3,000 made-up words, drawn unevenly, as in a language: text that compresses about as well as people's. */
const WORDS = Array.from({ length: 3_000 }, () =>
  Array.from({ length: 1 + pick(4) }, () => SYLLABLES[pick(SYLLABLES.length)]).join(''),
);

function text(length: number): string {
  let words = '';
  while (words.length < length) words += `${WORDS[Math.floor(WORDS.length * (pick(1_000) / 1_000) ** 3)]} `;
  return words.slice(0, length);
}

const USERS: UserValue[] = Array.from({ length: 500 }, (_, n) => ({
  id: String(10_000 + n),
  name: `${text(6)} ${text(9)}`,
  login: `user${n}`,
  email: `user.${text(8).replaceAll(' ', '.')}${n}@example.org`,
}));

const lookup = (values: number): LookupValue => {
  const value = pick(values);
  return { id: String(value), name: `Option ${value}` };
};
const user = () => USERS[pick(USERS.length)] ?? null;
const day = () => `2026-0${1 + pick(9)}-${10 + pick(18)}`;

/** Twenty mapped fields with the values of an ordinary bug; both sides hold the same title, text and dates. */
function bothSides(): [Fields, Fields] {
  const shared = { due: day(), start: day(), found: new Date(1.75e12 + pick(1e9) * 10).toISOString() };
  const title = text(60);
  const description = text(300);
  const side = (content: string, format: 'textile' | 'html'): Fields => ({
    subject: title,
    description: { format, content },
    priority: lookup(5),
    severity: lookup(5),
    status: lookup(9),
    category: lookup(40),
    component: lookup(40),
    fixed_version: [lookup(30), lookup(30)],
    assigned_to: user(),
    author: user(),
    qa_contact: user(),
    due_date: shared.due,
    start_date: shared.start,
    found_on: shared.found,
    estimated_hours: pick(40) * 3_600,
    spent_hours: pick(40) * 3_600,
    story_points: pick(13),
    customer: text(15),
    environment: text(30),
    external_key: `PROJ-${pick(100_000)}`,
  });
  return [side(description, 'textile'), side(`<p>${description}</p>`, 'html')];
}

function entity(id: number, fields: Fields): Entity {
  return {
    id: String(id),
    key: `DEMO-${id}`,
    url: `https://jira.example.org/browse/DEMO-${id}`,
    type: '10004',
    project: '10000',
    version: `2026-07-0${1 + (id % 9)}T12:00:00.${100 + (id % 900)}Z`,
    updatedAt: '2026-07-01T12:00:00.000Z',
    updatedBy: USERS[id % USERS.length],
    fields,
  };
}

const end = (system: string, source: Entity, baseline: Fields): LinkEnd => ({
  system,
  ref: { id: source.id, key: source.key, url: source.url, type: source.type, project: source.project },
  version: source.version,
  baseline,
});

const size = (folder: string) =>
  ['store.db', 'store.db-wal'].reduce((sum, name) => {
    return sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);

async function createCycle(store: Store, links: number) {
  const spent: Record<string, number> = { record: 0, claim: 0, load: 0, openIntents: 0, land: 0 };
  let cpu = 0;
  const timed = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const result = await call();
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu += user + system;
    spent[name] = (spent[name] ?? 0) + performance.now() - start;
    return result;
  };
  for (let done = 0; done < links; done += BATCH) {
    const pairs = Array.from({ length: BATCH }, bothSides);
    const entities = pairs.map(([one], n) => entity(done + n, one));
    const readAt = await store.sequence();
    await timed('record', () => store.record(FORWARD, SYSTEMS[0], entities, readAt, { at: done }));
    const claimed = await timed('claim', () => store.claim(FORWARD, BATCH, Date.now()));
    await timed('load', () => store.load(claimed));
    const intents = claimed.map(({ seq, entity: { fields } }) => ({
      event: seq,
      since: '2026-07-01T12:00:00.000Z',
      marker: `m${seq}`,
      project: 'p',
      type: 't',
      fields,
    }));
    await timed('openIntents', () => store.openIntents(intents));
    const landings = claimed.map(({ seq, delivery, entity: source }, n): Landing => {
      const baselines = pairs[n] ?? [{}, {}];
      const target = { ...entity(5_000_000 + Number(source.id), {}), key: String(5_000_000 + Number(source.id)) };
      return {
        integration: INTEGRATION,
        event: seq,
        delivery,
        ends: [end(SYSTEMS[0], source, baselines[0]), end(SYSTEMS[1], target, baselines[1])],
        wrote: 2,
      };
    });
    const refused = (await timed('land', () => store.land(landings))).filter(Boolean);
    if (refused.length > 0) throw new Error(`refused: ${refused[0]}`);
  }
  const total = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
  const perEvent = Object.fromEntries(Object.entries(spent).map(([name, ms]) => [name, round((ms / links) * 1_000)]));
  return {
    links,
    eventsPerSecond: Math.round((links / total) * 1_000),
    microsecondsPerEvent: perEvent,
    cpuPerEvent: round(cpu / links),
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Milliseconds of a claim of 100 that is put back each time. @param urgent how many of them are to be urgent events */
async function claimTime(store: Store, flow: Flow, urgent = 0): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 10; run += 1) {
    const start = performance.now();
    const { length } = await store.claim(flow, BATCH, Date.now(), urgent);
    times.push(performance.now() - start);
    if (length !== BATCH) throw new Error(`claimed ${length} instead of ${BATCH}`);
    await store.recover(flow.integration);
  }
  return round(times.toSorted((a, b) => a - b)[5] ?? 0);
}

async function backlog(store: Store, waiting: number) {
  const flow: Flow = { integration: 'backlog', side: 1 };
  const fields = { title: text(60) };
  const fill = async (from: number, to: number, side: Flow) => {
    for (let id = from; id < to; id += 1_000) {
      const entities = Array.from({ length: Math.min(1_000, to - id) }, (_, n) => entity(id + n, fields));
      await store.record(side, SYSTEMS[0], entities, 0, { id });
    }
  };
  await fill(0, 1_000, flow);
  const few = await claimTime(store, flow);
  // a tenth is parked, and has newer changes held behind it
  const parked = Math.floor(waiting / 10);
  await fill(1_000, parked, flow);
  for (let left = parked; left > 0; left -= 1_000) {
    const claimed = await store.claim(flow, Math.min(1_000, left), 0);
    await store.fail(
      claimed.map(({ seq, delivery }) => ({
        event: seq,
        delivery,
        to: 'parked',
        error: { kind: 'invalid', message: 'A test', at: '2026-07-01T12:00:00.000Z' },
      })),
    );
  }
  const changed = Array.from({ length: Math.min(1_000, parked) }, (_, n) => ({
    ...entity(n, fields),
    version: 'newer',
  }));
  await store.record(flow, SYSTEMS[0], changed, 0, {});
  const start = performance.now();
  await fill(parked, waiting + parked, flow);
  const recordPerSecond = Math.round((waiting / (performance.now() - start)) * 1_000);
  const many = await claimTime(store, flow);
  const people = Array.from({ length: BATCH }, (_, n) => entity(waiting + parked + n, fields));
  await store.record(flow, SYSTEMS[0], people, 0, undefined, true);
  const urgent = await claimTime(store, flow, BATCH / 2);

  const countStart = performance.now();
  await store.counts('backlog');
  const countsMs = round(performance.now() - countStart);
  return { waiting, parked, recordPerSecond, claimMsFew: few, claimMsMany: many, claimMsUrgent: urgent, countsMs };
}

function commitTime(folder: string, synchronous: 'FULL' | 'NORMAL'): number {
  const db = new DatabaseSync(join(folder, `${synchronous}.db`));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; CREATE TABLE t (value TEXT)`);
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const start = performance.now();
  for (let n = 0; n < 300; n += 1) insert.run('x'.repeat(100));
  const spent = performance.now() - start;
  db.close();
  return round(spent / 300);
}

async function main(): Promise<void> {
  const links = Number(process.argv[2] ?? 100_000);
  const waiting = Number(process.argv[3] ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-bench-'));
  try {
    const file = join(folder, 'store.db');
    let store = await openSqliteStore({ file });
    const cycle = await createCycle(store, links);
    const heapMb = round(process.memoryUsage().heapUsed / 1e6);
    await store.close();
    const bytes = size(folder);
    store = await openSqliteStore({ file });
    const backlogs = waiting > 0 ? await backlog(store, waiting) : undefined;
    await store.close();
    const openStart = performance.now();
    await (await openSqliteStore({ file })).close();
    const openMs = round(performance.now() - openStart);
    console.log(
      JSON.stringify(
        {
          cycle,
          size: { links, megabytes: round(bytes / 1e6), bytesPerLink: Math.round(bytes / links) },
          backlog: backlogs,
          openMs,
          heapMb,
          rssMb: round(process.memoryUsage().rss / 1e6),
          commitMs: { full: commitTime(folder, 'FULL'), normal: commitTime(folder, 'NORMAL') },
        },
        null,
        2,
      ),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
