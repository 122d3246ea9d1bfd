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
    const { packages } = JSON.parse(lock) as { packages: Record<string, { version?: string; integrity?: string }> };
    const loose = Object.entries(packages).filter(([path, { integrity }]) => path !== '' && !integrity);
    assert.deepEqual(loose, []);
  });
});
