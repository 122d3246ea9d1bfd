#!/usr/bin/env node
/** `npx twinflow-connector`. */

import { command } from './command';

command(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`), process.env).then(
  (code) => {
    process.exitCode = code;
  },
  (thrown: unknown) => {
    process.stderr.write(`${String(thrown)}\n`);
    process.exitCode = 1;
  },
);
