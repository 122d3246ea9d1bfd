/**
 * Connectors that are wrong on purpose, each in a way that has lost data before: the sandbox with one defect. Run by
 * connector.test.ts, which expects the suite to find each of them.
 */

import type { Checkpoint, Connection } from '../../../lib/connectors/connector';
import { openSandbox, sandbox } from '../../../lib/connectors/sandbox';
import { wholeBatch } from '../../../lib/connectors/whole-batch';
import type { Entity } from '../../../lib/model/entity';
import { asSyncError, SyncError } from '../../../lib/model/errors';
import { foundIn, readNow } from '../../support/delivered';
import { connectorConformance, type Troubles } from '../connector';
import { all, type Defect, type Methods } from './defect';
import { FILE_DEFECTS } from './file-defects';
import { PART_DEFECTS } from './part-defects';

const numberIn = (checkpoint: Checkpoint | undefined, name: string): number => Number(checkpoint?.[name] ?? 0);

export const DEFECTS: Record<string, Defect> = {
  'a lower bound that excludes the time of the checkpoint': {
    found: '(trap 3)',
    break: (right) => ({
      async *changes(scope, since, pageSize) {
        let after = String(since?.at ?? '');
        for (;;) {
          const found = (await all(right, scope)).filter((entity) => entity.updatedAt > after).slice(0, pageSize);
          after = found.at(-1)?.updatedAt ?? after;
          yield { entities: found, checkpoint: { at: after } };
          if (found.length < pageSize) return;
        }
      },
      async newest(scope) {
        return { at: (await all(right, scope)).at(-1)?.updatedAt };
      },
    }),
  },
  'paging by offset': {
    found: '(trap 4)',
    break: (right) => ({
      async *changes(scope, since, pageSize) {
        const start = numberIn(since, 'revision');
        for (let offset = numberIn(since, 'offset'); ; offset += pageSize) {
          const rest = (await all(right, scope)).filter((entity) => Number(entity.version) > start);
          const entities = rest.slice(offset, offset + pageSize);
          const whole = entities.length === pageSize;
          yield {
            entities,
            checkpoint: whole
              ? { revision: start, offset: offset + pageSize }
              : { revision: Math.max(start, ...rest.map((entity) => Number(entity.version))) },
          };
          if (!whole) return;
        }
      },
      async newest(scope) {
        return { revision: Number((await all(right, scope)).at(-1)?.version) };
      },
    }),
  },
  'a poll that yields nothing where nothing changed': {
    found: 'yields one page where nothing changed',
    break: (right) => ({
      async *changes(scope, since, pageSize) {
        for await (const page of right.changes(scope, since, pageSize)) if (page.entities.length > 0) yield page;
      },
    }),
  },
  'a checkpoint that does not survive JSON': {
    found: 'resumes after every page',
    break: (right) => ({
      async *changes(scope, since, pageSize) {
        for await (const page of right.changes(scope, since, pageSize)) {
          yield { ...page, checkpoint: { ...page.checkpoint, at: new Date(0) } };
        }
      },
    }),
  },
  'a version made of a coarse time': {
    found: 'two edits within one tick',
    break: (right) => {
      const coarse = (entity: Entity): Entity => ({ ...entity, version: entity.updatedAt });
      return {
        async write(scope, operations) {
          const results = await right.write(scope, operations);
          return results.map((result) => (result.ok ? { ...result, entity: coarse(result.entity) } : result));
        },
        read: async (scope, ids) => (await readNow(right, scope, ids)).map((entity) => entity && coarse(entity)),
      };
    },
  },
  'a write result that is older than the write': {
    found: 'an echo is recognisable',
    break: (right) => ({
      async write(scope, operations) {
        const before = new Map<string, Entity | undefined>();
        for (const operation of operations) {
          if (operation.kind === 'update') before.set(operation.id, (await readNow(right, scope, [operation.id]))[0]);
        }
        const results = await right.write(scope, operations);
        return results.map((result) =>
          result.ok ? { ok: true, entity: before.get(result.entity.id) ?? result.entity } : result,
        );
      },
    }),
  },
  'a batch that ends at the first error': {
    found: 'each operation of a batch',
    break: (right) => ({
      async write(scope, operations) {
        const done = [];
        let failed: SyncError | undefined;
        for (const operation of operations) {
          const [result] = failed ? [{ ok: false as const, error: failed }] : await right.write(scope, [operation]);
          if (!result) throw new SyncError('fatal', 'no result');
          if (!result.ok) failed = result.error;
          done.push(result);
        }
        return done;
      },
    }),
  },
  'unknown fields that are dropped without a word': {
    found: 'never drops a field without a word',
    break: (right) => ({
      write: (scope, operations) =>
        right.write(
          scope,
          operations.map((operation) => {
            const { 'no-such-field': _dropped, ...fields } = operation.fields;
            return { ...operation, fields };
          }),
        ),
    }),
  },
  'an error that is not a SyncError': {
    found: 'answers notFound',
    break: () => ({
      entityTypes: async (project) => {
        throw new Error(`HTTP 404 for ${project}`);
      },
    }),
  },
  'an update that empties what it is not given': {
    found: 'updates only the fields that are given',
    break: (right) => ({
      write: (scope, operations) =>
        right.write(
          scope,
          operations.map((operation) =>
            operation.kind === 'update' ? { ...operation, fields: { labels: null, ...operation.fields } } : operation,
          ),
        ),
    }),
  },
  'a read that leaves out what is gone': {
    found: 'reads in the order asked',
    break: (right) => ({
      read: async (scope, ids) => (await right.read(scope, ids)).filter((entity) => entity !== undefined),
    }),
  },
  'what is not delivered taken for gone': {
    found: 'an answer leaves one out',
    break: (right) => ({
      read: async (scope, ids) =>
        (await right.read(scope, ids)).map((entity) => (entity instanceof SyncError ? undefined : entity)),
    }),
  },
  'a dead log-in that looks like a quiet day': {
    found: 'credentials die',
    break: (right) => ({
      async *changes(scope, since, pageSize) {
        try {
          yield* right.changes(scope, since, pageSize);
        } catch {
          yield { entities: [], checkpoint: since ?? {} };
        }
      },
    }),
  },
  'a batch whose every element is blamed for one': {
    found: 'one element poisons a batch: it alone fails',
    break: (right) => ({
      async write(scope, operations) {
        const results = await right.write(scope, operations);
        return results.map((result) =>
          result.ok
            ? result
            : { ok: false, error: new SyncError(result.error.kind, result.error.message, { status: 500 }) },
        );
      },
    }),
  },
  "a proxy's page taken for a deletion": {
    found: 'a proxy answers 404',
    break: (right) => ({
      async read(scope, ids) {
        try {
          return await right.read(scope, ids);
        } catch (thrown) {
          if (asSyncError(thrown).detail.status !== 404) throw thrown;
          return ids.map(() => undefined);
        }
      },
    }),
  },
  'a search that finds near misses': {
    found: 'no near misses',
    break: (right) => ({
      async find(query, limit) {
        const { field, ...rest } = query;
        if (!field) return right.find(query, limit);
        const found = foundIn(await right.find({ ...rest, createdBySelfSince: '2000-01-01T00:00:00Z' }, 1000));
        return found
          .filter((entity) => field.values.some((value) => String(entity.fields[field.id]).startsWith(String(value))))
          .slice(0, limit);
      },
    }),
  },
  'texts that lose their blanks although the system keeps them': {
    found: 'blanks at both ends',
    break: (right) => ({
      write: (scope, operations) =>
        right.write(
          scope,
          operations.map((operation) => {
            const { summary } = operation.fields;
            if (typeof summary !== 'string') return operation;
            return { ...operation, fields: { ...operation.fields, summary: summary.trim() } };
          }),
        ),
    }),
  },
  ...PART_DEFECTS,
  ...FILE_DEFECTS,
};

/** All of a connection's methods, as an object of its own. */
function methodsOf(connection: Connection): Methods {
  const { parts, open, fileRules, write, remove, find, markersOf, byKey, latest, users, lookupValues, history, close } =
    connection;
  if (
    !parts ||
    !open ||
    !fileRules ||
    !write ||
    !remove ||
    !find ||
    !markersOf ||
    !byKey ||
    !latest ||
    !users ||
    !lookupValues ||
    !history ||
    !close
  ) {
    throw new Error('the sandbox can all of this');
  }
  return {
    identify: () => connection.identify(),
    projects: () => connection.projects(),
    entityTypes: (project) => connection.entityTypes(project),
    fields: (project, type) => connection.fields(project, type),
    changes: (scope, since, pageSize) => connection.changes(scope, since, pageSize),
    newest: (scope) => connection.newest(scope),
    checkpointAt: (time) => connection.checkpointAt(time),
    read: (scope, ids) => connection.read(scope, ids),
    parts: parts.bind(connection),
    open: open.bind(connection),
    fileRules: fileRules.bind(connection),
    write: write.bind(connection),
    remove: remove.bind(connection),
    find: find.bind(connection),
    markersOf: markersOf.bind(connection),
    byKey: byKey.bind(connection),
    latest: latest.bind(connection),
    users: users.bind(connection),
    lookupValues: lookupValues.bind(connection),
    history: history.bind(connection),
    close: close.bind(connection),
  };
}

/** What goes wrong with the sandbox, as a connection of a remote system would meet it. */
class Trouble {
  dead = false;
  proxied = false;
  readonly leftOut = new Set<string>();
  readonly poisoned = new Set<string>();

  /** Every call goes through this. @throws SyncError */
  private check(): void {
    if (this.dead) throw new SyncError('auth', 'the credentials were refused', { status: 401 });
    if (this.proxied) throw new SyncError('transient', "an answer that is not the API's own", { status: 404 });
  }

  wrap(right: Methods): Methods {
    const check = () => this.check();
    const { leftOut, poisoned } = this;
    return {
      ...right,
      async identify() {
        check();
        return right.identify();
      },
      async newest(scope) {
        check();
        return right.newest(scope);
      },
      async find(query, limit) {
        check();
        return right.find(query, limit);
      },
      async *changes(scope, since, pageSize) {
        check();
        yield* right.changes(scope, since, pageSize);
      },
      async read(scope, ids) {
        check();
        const results = await right.read(scope, ids);
        const notNow = (id = '') => new SyncError('transient', `${id} cannot be shown now`);
        return results.map((result, index) => (leftOut.has(ids[index] ?? '') ? notNow(ids[index]) : result));
      },
      async parts(scope, owners, types) {
        check();
        const results = await right.parts(scope, owners, types);
        const notNow = (id = '') => new SyncError('transient', `${id} cannot be shown now`);
        return results.map((result, index) => (leftOut.has(owners[index] ?? '') ? notNow(owners[index]) : result));
      },
      async remove(scope, ids) {
        check();
        return right.remove(scope, ids);
      },
      async write(scope, operations) {
        check();
        const isPoisoned = operations.some(({ fields }) => poisoned.has(String(fields.summary)));
        if (!isPoisoned) return right.write(scope, operations);
        const error = new SyncError('transient', 'HTTP 500', { status: 500 });
        return operations.map(() => ({ ok: false as const, error: wholeBatch(error, operations.length) }));
      },
    };
  }

  switches(): Troubles {
    const within = (set: Set<string>) => (one: string) => {
      set.add(one);
      return () => void set.delete(one);
    };
    return {
      credentialsDie: {
        '401': () => {
          this.dead = true;
          return () => {
            this.dead = false;
          };
        },
      },
      poisonTitle: within(this.poisoned),
      leaveOut: { 'with an error': within(this.leftOut) },
      proxyAnswers: () => {
        this.proxied = true;
        return () => {
          this.proxied = false;
        };
      },
    };
  }
}

function declare(title: string, defect: Defect): void {
  const trouble = new Trouble();
  const project = '10000';
  const type = '10102';
  const space = openSandbox({ space: title, template: 'jira' });
  const connect = (): Connection => {
    const right = trouble.wrap(methodsOf(sandbox.connect({ space: title }, {})));
    return { ...right, ...defect.break(right) };
  };
  connectorConformance(title, {
    timeoutMs: 3000,
    parts: {},
    files: {},
    lacks: {
      richText: 'not needed to find any defect',
      list: 'the same',
      user: 'the same',
      titleLength: 'the same',
      poisonEntity: 'the same',
    },
    async start() {
      space.setClockResolution(1000);
      return {
        connection: connect(),
        reconnect: connect,
        scope: { projects: [project], types: [type] },
        project,
        type,
        title: 'summary',
        samples: [
          { field: 'labels', values: [['one', 'two'], ['one']] },
          { field: 'customfield_10050', values: ['OTHER-1', 'OTHER-2'] },
        ],
        person: {
          user: space.person('bob'),
          create: async (titles) =>
            titles.map((summary) => space.create('bob', { project, type, fields: { summary } }).id),
          retitle: async (id, summary) => void space.edit('bob', id, { summary }),
          remove: async (id) => void space.remove('bob', id),
        },
        parts: {
          type: 'comment',
          text: 'text',
          person: {
            add: async (owner, texts) =>
              texts.map((content) => {
                const fields = { text: { format: 'markdown' as const, content } };
                return space.create('bob', { project, type: 'comment', owner, fields }).id;
              }),
            edit: async (id, content) => void space.edit('bob', id, { text: { format: 'markdown', content } }),
            remove: async (id) => void space.remove('bob', id),
          },
        },
        files: {
          type: 'attachment',
          large: 1_000_000,
          person: {
            add: async (owner, content) => (await space.attach('bob', owner, content)).id,
            remove: async (id) => void space.remove('bob', id),
          },
          limitTo: (maxBytes) => {
            space.limitFiles({ maxBytes });
            return () => space.limitFiles({});
          },
          broken: {
            'half of them': (id) => {
              space.breakFile(id, 5);
              return () => space.breakFile(id, undefined);
            },
          },
        },
        troubles: trouble.switches(),
      };
    },
    async stop() {
      space.close();
    },
  });
}

// only where mocha runs this file; connector.test.ts merely wants the list
if (process.env.TWINFLOW_DEFECTS) for (const [title, defect] of Object.entries(DEFECTS)) declare(title, defect);
