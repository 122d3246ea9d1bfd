/** Connectors that are wrong on purpose in what they do with files. @see defects.ts */

import type { FileContent, WriteOperation } from '../../../lib/connectors/connector';
import { asSyncError, SyncError } from '../../../lib/model/errors';
import type { Defect } from './defect';

const withContent = (change: (content: FileContent) => FileContent) => (operation: WriteOperation) =>
  operation.kind === 'create' && operation.content ? { ...operation, content: change(operation.content) } : operation;

/** The bytes of a file, whole. */
async function whole(content: FileContent): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await content.open()).bytes) parts.push(part);
  return Buffer.concat(parts);
}

const contentOf = (name: string, bytes: Buffer): FileContent => ({
  name,
  size: bytes.length,
  open: async () => ({
    size: bytes.length,
    bytes: (async function* () {
      yield bytes;
    })(),
    close: () => undefined,
  }),
});

export const FILE_DEFECTS: Record<string, Defect> = {
  'files that are stored however many bytes have come': {
    found: 'of which come fewer bytes than announced are not created',
    break: (right) => ({
      async write(scope, operations) {
        const contents = operations.map((operation) => (operation.kind === 'create' ? operation.content : undefined));
        const read = await Promise.all(
          contents.map(async (content) => content && contentOf(content.name, await whole(content))),
        ).catch((thrown: unknown) => asSyncError(thrown));
        if (read instanceof SyncError) return right.write(scope, operations);
        const stored = operations.map((operation, index) => withContent((own) => read[index] ?? own)(operation));
        return right.write(scope, stored);
      },
    }),
  },
  'files whose failed reading is reported as a failure of the target': {
    found: "and that is the source's failure",
    break: (right) => ({
      write: async (scope, operations) =>
        (await right.write(scope, operations)).map((result) => {
          if (result.ok || !result.error.detail.content) return result;
          const { content: _content, ...detail } = result.error.detail;
          return { ok: false, error: new SyncError(result.error.kind, result.error.message, detail) };
        }),
    }),
  },
  'a download that ends early': {
    found: 'whose bytes do not come as announced are an error',
    break: (right) => ({
      async open(id) {
        const file = await right.open(id);
        async function* bytes() {
          try {
            yield* file.bytes;
          } catch {
            // what has come is taken for the file
          }
        }
        return { ...file, bytes: bytes() };
      },
    }),
  },
  'a file that is written over by the next one of its name': {
    found: 'of one name are two',
    break: (right) => ({
      async write(scope, operations) {
        const results = [];
        const known = new Map<string, string>();
        for (const operation of operations) {
          const name = operation.kind === 'create' && operation.content?.name;
          const before = name ? known.get(name) : undefined;
          if (before !== undefined) await right.remove(scope, [before]);
          const [result] = await right.write(scope, [operation]);
          if (!result) throw new Error('there is one');
          if (name && result.ok) known.set(name, result.entity.id);
          results.push(result);
        }
        return results;
      },
    }),
  },
  'a batch that fails with one of its files': {
    found: 'a refused one stops no other',
    break: (right) => ({
      async write(scope, operations) {
        const results = await right.write(scope, operations);
        const lost = results.find((result) => !result.ok && result.error.detail.content === true);
        return lost ? results.map(() => lost) : results;
      },
    }),
  },
  'names of files with what ends a header': {
    found: 'keep a name with line ends',
    break: (right) => ({
      write: async (scope, operations) =>
        (await right.write(scope, operations)).map((result) => {
          if (!result.ok || typeof result.entity.fields.size !== 'number') return result;
          const name = String(result.entity.fields.name).replace('a__', 'a\r\n');
          return { ...result, entity: { ...result.entity, fields: { ...result.entity.fields, name } } };
        }),
    }),
  },
  'a file that is gone and reads as empty': {
    found: 'that vanish between listing and opening are notFound',
    break: (right) => ({
      open: async (id) =>
        right.open(id).catch((thrown: unknown) => {
          if (asSyncError(thrown).kind !== 'notFound') throw thrown;
          return { size: 0, bytes: (async function* (): AsyncGenerator<Uint8Array> {})(), close: () => undefined };
        }),
    }),
  },
};
