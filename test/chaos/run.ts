/**
 * A real Node-RED is killed with SIGKILL again and again while people work in two systems that it keeps in sync. The
 * systems are HTTP servers that note every write. At the end both sides are compared field by field.
 *
 * Titles are edited on side 1 only and external ids on side 2 only, so what must be there at the end is known without
 * asking how a conflict was decided; priorities are edited on both, and must agree.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Entity } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import { Colleague, connectTo, personOf, poll } from '../connectors/azure-devops/support';
import { Random } from '../simulation/random';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { type StandIn, startAzureDevOps } from '../systems/azure-devops';
import { chaosFlow, EXTERNAL, INTEGRATION, PRIORITY, PROJECT, TITLE } from './flow';

export interface ChaosReport {
  kills: number;
  created: number;
  updated: number;
  duplicates: number;
  lost: number;
  differences: number;
  /** what the numbers stand for, at most a few */
  details: string[];
  seconds: number;
}

const SCOPE = { projects: [PROJECT], types: ['Bug'] };
const MOST_BUGS = 400;

class Tracker {
  readonly alice: Colleague;
  readonly ids: string[] = [];

  constructor(readonly server: StandIn) {
    this.alice = new Colleague(server, 'alice');
  }

  async all(): Promise<Entity[]> {
    const connection = connectTo(this.server);
    const { entities } = await poll(connection, undefined, SCOPE);
    await connection.close?.();
    return [...new Map(entities.map((entity) => [entity.id, entity])).values()];
  }
}

/** What was last typed into a field that only one side edits: title by entity of side 1, external id by entity of side 2. */
type Typed = Map<string, string>;

export async function chaos(kills: number, seed: number): Promise<ChaosReport> {
  const began = Date.now();
  const random = new Random(seed);
  const [one, two] = [
    new Tracker(await startAzureDevOps({ contract: false })),
    new Tracker(await startAzureDevOps({ contract: false })),
  ];
  const token = personOf('sync').token;
  const flow = chaosFlow([one, two].map(({ server }) => ({ url: server.url, token })));
  const red = await NodeRed.start({ flows: flow });
  const titles: Typed = new Map();
  const externals: Typed = new Map();
  const report: ChaosReport = {
    kills: 0,
    created: 0,
    updated: 0,
    duplicates: 0,
    lost: 0,
    differences: 0,
    details: [],
    seconds: 0,
  };
  let stop = false;
  let number = 0;

  /** People: create on either side, edit what their side owns, and priorities on both. */
  const work = async (): Promise<void> => {
    while (!stop) {
      number += 1;
      const tracker = random.chance(0.5) ? one : two;
      const text = `Edit ${number}`;
      if (tracker.ids.length === 0 || (report.created < MOST_BUGS && random.chance(0.3))) {
        const [id] = await tracker.alice.create([text]);
        if (id === undefined) throw new Error('nothing was created');
        tracker.ids.push(id);
        report.created += 1;
        if (tracker === one) titles.set(id, text);
      } else {
        const id = random.pick(tracker.ids);
        const own = tracker === one ? TITLE : EXTERNAL;
        const priority = random.chance(0.3);
        await tracker.alice.change(id, priority ? { [PRIORITY]: random.int(1, 4) } : { [own]: text });
        if (!priority) (tracker === one ? titles : externals).set(id, text);
        report.updated += 1;
      }
      await sleep(random.int(5, 60));
    }
  };

  try {
    const people = work();
    for (let kill = 0; kill < kills; kill += 1) {
      await sleep(random.int(50, 2_500));
      await red.restart('SIGKILL');
      report.kills += 1;
    }
    stop = true;
    await people;
    await rest(one, two);
    await red.kill('SIGTERM');
    await compare(one, two, red.userDir, titles, externals, report);
  } finally {
    stop = true;
    await red.stop();
    await one.server.stop();
    await two.server.stop();
  }
  report.seconds = Math.round((Date.now() - began) / 1000);
  return report;
}

/** Nobody edits any more: both sides show the same revisions for a while. */
async function rest(one: Tracker, two: Tracker): Promise<void> {
  const state = async (): Promise<string> =>
    JSON.stringify([await one.all(), await two.all()].map((all) => all.map(({ id, version }) => [id, version])));
  let last = '';
  let since = Date.now();
  await until(
    'both sides are at rest',
    async () => {
      await sleep(2_000);
      const now = await state();
      if (now !== last) since = Date.now();
      last = now;
      return Date.now() - since > 15_000;
    },
    10 * 60_000,
  );
}

async function compare(
  one: Tracker,
  two: Tracker,
  userDir: string,
  titles: Typed,
  externals: Typed,
  report: ChaosReport,
): Promise<void> {
  const [ones, twos] = [await one.all(), new Map((await two.all()).map((entity) => [entity.id, entity]))];
  const say = (kind: 'duplicates' | 'lost' | 'differences', text: string): void => {
    report[kind] += 1;
    if (report.details.length < 20) report.details.push(`${kind}: ${text}`);
  };
  const store = await openSqliteStore({ file: `${userDir}/twinflow.sqlite` });
  try {
    for (const left of ones) {
      const link = await store.linkOf(INTEGRATION, 1, left.id);
      const right = link && twos.get(link.ends[1].ref.id);
      if (!right) {
        say('duplicates', `${left.id} of side 1 (${left.fields[TITLE]}) has no counterpart`);
        continue;
      }
      twos.delete(right.id);
      for (const field of [TITLE, EXTERNAL, PRIORITY]) {
        const [a, b] = [shown(left.fields, field), shown(right.fields, field)];
        if (a !== b) say('differences', `${field} of ${left.id} is ${a}, of ${right.id} ${b}`);
      }
      const [title, external] = [titles.get(left.id), externals.get(right.id)];
      if (title !== undefined && shown(right.fields, TITLE) !== JSON.stringify(title)) {
        say('lost', `title "${title}" of ${left.id} is ${shown(right.fields, TITLE)} on side 2`);
      }
      if (external !== undefined && shown(left.fields, EXTERNAL) !== JSON.stringify(external)) {
        say('lost', `external id "${external}" of ${right.id} is ${shown(left.fields, EXTERNAL)} on side 1`);
      }
    }
    for (const right of twos.values()) say('duplicates', `${right.id} of side 2 has no counterpart`);
    const made = one.ids.length + two.ids.length;
    if (ones.length !== made) say('duplicates', `people made ${made} bugs, side 1 has ${ones.length}`);
    for (const side of await store.counts(INTEGRATION)) {
      const open = side.waiting + side.held + side.sent + side.retry + side.parked;
      if (open > 0) say('lost', `changes are still open: ${JSON.stringify(side)}`);
    }
  } finally {
    await store.close();
  }
}

function shown(fields: Fields, field: string): string {
  const value = fields[field] ?? null;
  return JSON.stringify(value !== null && typeof value === 'object' && 'name' in value ? value.name : value);
}
