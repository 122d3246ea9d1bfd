/**
 * The `twinflow-events` node: a message for what people want to be told of – changes that were parked, conflicts, systems that
 * are in trouble and well again – and a summary once a day. `topic` is a subject and `payload` a text, as mail nodes want them.
 */

import { Cron } from 'croner';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { HourCount } from '../../lib/store/store';
import { hostOf } from '../runtime/host';
import type { Notice } from '../runtime/notices';
import { type Collected, Collector } from './collect';
import { type EventsSettings, type Kind, readEventsSettings } from './settings';

const DAY_MS = 86_400_000;
const LONGEST_MESSAGE = 500;

type ItemNotice = Extract<Notice, { integration: string }>;

interface Summed {
  id: string;
  name: string;
  synced: number;
  parked: number;
  /** now */
  parkedNow: number;
  open: number;
  links: number;
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);
  const text = (key: string, names: Record<string, string | number> = {}): string => RED._(`events.${key}`, names);
  const nameOf = (id: string): string => host.integration(id)?.config.name || id;

  class Telling {
    private readonly stopListening: () => void;
    private readonly collector: Collector<ItemNotice>;
    private readonly daily: Cron | undefined;

    constructor(
      private readonly node: Node,
      private readonly settings: EventsSettings,
    ) {
      const { kinds, collect, summaryAt } = settings;
      this.collector = new Collector(collect * 1_000, (_group, collected) => this.tellItems(collected));
      this.stopListening = host.notices.listen((notice) => this.heard(notice));
      if (kinds.has('summary')) {
        const when = `${summaryAt % 60} ${Math.floor(summaryAt / 60)} * * *`;
        this.daily = new Cron(when, { unref: true, catch: true }, () => this.summarize());
      }
    }

    /** A summary of the last 24 hours, now. */
    async summarize(): Promise<void> {
      const all = await this.sums();
      const lines = all.map((sum) =>
        text('text.summaryLine', {
          ...{ name: sum.name, synced: sum.synced, parked: sum.parked, now: sum.parkedNow },
          ...{ open: sum.open, links: sum.links },
        }),
      );
      const synced = all.reduce((sum, one) => sum + one.synced, 0);
      const parked = all.reduce((sum, one) => sum + one.parkedNow, 0);
      const topic = text('topic.summary', { synced, parked });
      this.send('summary', topic, [topic, '', ...lines].join('\n'), { integrations: all });
    }

    close(): void {
      this.stopListening();
      this.daily?.stop();
      this.collector.end();
    }

    private heard(notice: Notice): void {
      const { kinds, integration } = this.settings;
      if (!kinds.has(notice.kind)) return;
      if ('system' in notice) {
        const of = this.integrationsOf(notice.system);
        if (of.length > 0) this.tellSystem(notice, of);
      } else if (integration === '' || integration === notice.integration)
        this.collector.add(`${notice.kind} ${notice.integration}`, notice);
    }

    /** Those that the node is for and that use a system. */
    private integrationsOf(system: string): { id: string; name: string }[] {
      const { integration } = this.settings;
      return host
        .allIntegrations()
        .filter(({ config }) => integration === '' || config.id === integration)
        .filter(({ config: { system1, system2 } }) => system1 === system || system2 === system)
        .map(({ config: { id, name } }) => ({ id, name }));
    }

    private tellItems({ items, count }: Collected<ItemNotice>): void {
      const [first] = items;
      if (!first) return;
      const name = nameOf(first.integration);
      const topic = text(`topic.${first.kind}`, { name, count });
      const lines = items.map(({ item: { key }, message }) => `${key}: ${message.slice(0, LONGEST_MESSAGE)}`);
      if (count > items.length) lines.push(text('text.more', { count: count - items.length }));
      this.send(first.kind, topic, [topic, '', ...lines].join('\n'), {
        integration: { id: first.integration, name },
        count,
        items: items.map(({ side, item, message }) => ({ side, ...item, message })),
      });
    }

    private tellSystem({ kind, system, name, message }: Extract<Notice, { system: string }>, of: object[]): void {
      const topic = text(`topic.${kind}`, { name });
      const said = message === '' ? topic : `${topic}\n\n${message.slice(0, LONGEST_MESSAGE)}`;
      this.send(kind, topic, said, {
        system: { id: system, name },
        integrations: of,
        ...(message !== '' && { message }),
      });
    }

    private send(kind: Kind, topic: string, payload: string, about: object): void {
      const monitor = `${host.pageRoot.replace(/\/$/, '')}/twinflow/${kind === 'parked' || kind === 'conflict' ? '#failures' : ''}`;
      const event = { kind, at: new Date().toISOString(), ...about, monitor };
      const message: { topic: string; payload: unknown; event: object } = { topic, payload, event };
      this.node.send(message);
    }

    private async sums(): Promise<Summed[]> {
      const { integration } = this.settings;
      const counts: HourCount[] = (await (await host.opened)?.hours(Date.now() - DAY_MS)) ?? [];
      const wanted = host.allIntegrations().filter(({ config }) => integration === '' || config.id === integration);
      return Promise.all(
        wanted.map(async (handle) => {
          const { id, name } = handle.config;
          const sides = (await (await handle.atOnce().catch(() => undefined))?.counts()) ?? [];
          const own = counts.filter((one) => one.integration === id && one.outcome !== 'action');
          const sum = (of: HourCount[]): number => of.reduce((all, { count }) => all + count, 0);
          return {
            ...{ id, name },
            synced: sum(own.filter(({ outcome }) => outcome !== 'parked')),
            parked: sum(own.filter(({ outcome }) => outcome === 'parked')),
            parkedNow: sides.reduce((all, { parked }) => all + parked, 0),
            open: sides.reduce((all, { waiting, held, sent, retry }) => all + waiting + held + sent + retry, 0),
            links: sides[0]?.links ?? 0,
          };
        }),
      );
    }
  }

  function EventsNode(this: Node, saved: NodeDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const telling = new Telling(this, readEventsSettings(saved));
    this.on('input', (_message, _send, done) => {
      telling.summarize().then(
        () => done(),
        (thrown: unknown) => done(thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
    });
    this.on('close', (done: () => void) => {
      telling.close();
      host.release().then(done, done);
    });
  }

  RED.nodes.registerType('twinflow-events', EventsNode);
};
