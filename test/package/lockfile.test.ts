import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/node-red';

describe('package/lockfile', () => {
  const lock = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8');

  it('names no registry, so that it installs from whichever one npm is set to', () => {
    assert.doesNotMatch(lock, /"resolved"|https?:\/\/[^"]*registry/);
  });

  it('pins every package by its content', () => {
    interface Entry {
      version?: string;
      integrity?: string;
      inBundle?: boolean;
    }
    const { packages } = JSON.parse(lock) as { packages: Record<string, Entry> };
    const loose = Object.entries(packages).filter(
      ([path, { version, integrity, inBundle }]) => path !== '' && !inBundle && !(version && integrity),
    );
    assert.deepEqual(loose, []);
  });

  it('holds all that optional dependencies name, for every platform: npm ci refuses a lock file with gaps', () => {
    const { packages } = JSON.parse(lock) as {
      packages: Record<string, { optionalDependencies?: Record<string, string>; inBundle?: boolean }>;
    };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {}, inBundle }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !inBundle && !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
      ),
    );
    assert.deepEqual(missing, []);
  });
});
