/** The rooms table of docs/architecture.md, and the imports of the sources, types included. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { projectRoot } from './node-red';

export interface Room {
  path: string;
  may: string[];
}

/** Rows of the table: `path` | what is in it | may import. A file's path allows only that file. */
export function rooms(): Room[] {
  const page = readFileSync(join(projectRoot, 'docs/architecture.md'), 'utf8');
  const section = /^## Rooms\n([\s\S]*?)^## /m.exec(page)?.[1] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, path = '', , may = ''] = line.split(/(?<!\\)\|/);
      const paths = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one);
      return { path: (paths(path)[0] ?? '').replace(/\/$/, ''), may: paths(may).map((one) => one.replace(/\/$/, '')) };
    });
}

export const isIn = (file: string, folder: string): boolean => file === folder || file.startsWith(`${folder}/`);

/** The room of a file: the one with the longest path. */
export const roomOf = (file: string, all: Room[]): Room | undefined =>
  all.filter(({ path }) => isIn(file, path)).sort((a, b) => b.path.length - a.path.length)[0];

/** TypeScript files of the package, from the project's root. */
export function sources(): string[] {
  return ['lib', 'nodes'].flatMap((top) =>
    readdirSync(join(projectRoot, top), { recursive: true, encoding: 'utf8' })
      .map((file) => `${top}/${file.split(sep).join('/')}`)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')),
  );
}

export const textOf = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');

/** Relative imports of a file, types included, as paths from the root, without `.ts`. */
export function imports(file: string): string[] {
  const code = textOf(file).replace(/\/\*[\s\S]*?\*\//g, '');
  const found = code.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}(?:\/[^']*)?)'/g);
  return [...found].map(([, to = '']) =>
    relative(projectRoot, join(projectRoot, dirname(file), to))
      .split(sep)
      .join('/'),
  );
}

/** Imports that no row of the table allows: `from → to`. */
export function brokenRooms(): string[] {
  const all = rooms();
  return sources().flatMap((file) => {
    const room = roomOf(file, all);
    if (!room) return [];
    return imports(file)
      .filter((to) => {
        if (roomOf(to, all)?.path === room.path) return false;
        return !room.may.some((path) => isIn(to, path.replace(/\.ts$/, '')));
      })
      .map((to) => `${file} → ${to}`);
  });
}

/** Files that import themselves through others, types included: one list per cycle. */
export function importCircles(): string[][] {
  const files = new Set(sources());
  const resolve = (to: string): string | undefined =>
    [`${to}.ts`, `${to}/index.ts`, to].find((file) => files.has(file));
  const edges = new Map([...files].map((file) => [file, imports(file).flatMap((to) => resolve(to) ?? [])] as const));
  const [index, low, stack]: [Map<string, number>, Map<string, number>, string[]] = [new Map(), new Map(), []];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const to of edges.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file) ?? 0, low.get(to) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || edges.get(file)?.includes(file)) circles.push(circle);
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return circles;
}
