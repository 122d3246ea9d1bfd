/** The command `twinflow-connector`: checks a connector file without a network, or measures the system that it declares, by reading. */

import { readFileSync } from 'node:fs';
import { asSyncError } from '../../model/errors';
import type { ConnectorConfig } from '../connector';
import { SECRET_NAMES } from '../form';
import { createMask } from '../http/masking';
import { declaredConnector } from './connector';
import type { ConnectorFile } from './format';
import { loadConnector } from './load';
import { probe } from './probe';

const USAGE = `Usage:
  twinflow-connector check FILE
      checks a connector file; no network
  twinflow-connector probe FILE [--project ID] [--set NAME=VALUE …]
      reads from the system, never writes, and prints what was measured.
      Secrets are taken from the environment: TWINFLOW_TOKEN, TWINFLOW_API_KEY, TWINFLOW_PASSWORD …
`;

export type Print = (line: string) => void;

/** TWINFLOW_API_KEY for apiKey */
const variableOf = (name: string): string => `TWINFLOW_${name.replace(/[A-Z]/g, (sign) => `_${sign}`).toUpperCase()}`;

/**
 * @param args without node and the script
 * @returns the exit code: 0 = good, 1 = something is wrong with the file or the system, 2 = wrong usage
 */
export async function command(args: readonly string[], print: Print, env: NodeJS.ProcessEnv): Promise<number> {
  const [verb, name, ...rest] = args;
  if ((verb !== 'check' && verb !== 'probe') || name === undefined || (verb === 'check' && rest.length > 0)) {
    print(USAGE);
    return 2;
  }
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (thrown) {
    print(`${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return 2;
  }
  const loaded = loadConnector(text, name);
  if ('problems' in loaded) {
    for (const problem of loaded.problems) print(problem);
    return 1;
  }
  if (verb === 'check') {
    print(summary(name, loaded.file));
    return 0;
  }
  return probed(name, loaded.file, rest, print, env);
}

function summary(name: string, { kind, label, types, verified }: ConnectorFile): string {
  const lines = types.map(({ id, fields, changes, create, update }) => {
    const can = [create && 'created', update && 'updated'].filter(Boolean).join(' and ');
    return `  ${id}: ${fields.length} fields, feed by ${changes.feed}, ${can === '' ? 'only read' : can}`;
  });
  return [`${name}: good. Kind ${kind}, "${label}"`, ...lines, `  verified: ${verified ?? 'nothing'}`].join('\n');
}

async function probed(
  name: string,
  file: ConnectorFile,
  args: string[],
  print: Print,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const config: ConnectorConfig = {};
  let project: string | undefined;
  for (let at = 0; at < args.length; at += 2) {
    const [option, value] = [args[at], args[at + 1]];
    const [, key, given] = /^(\w+)=(.*)$/s.exec(value ?? '') ?? [];
    if (option === '--project' && value !== undefined) project = value;
    else if (option === '--set' && key !== undefined) {
      if (SECRET_NAMES.some((secret) => secret === key)) {
        print(`${key} is a secret: other users of this machine see arguments. Set ${variableOf(key)} instead`);
        return 2;
      }
      config[key] = given;
    } else {
      print(USAGE);
      return 2;
    }
  }
  for (const { name: setting, default: usual, type } of file.settings) {
    const value = config[setting] ?? env[variableOf(setting)] ?? usual;
    if (value !== undefined) config[setting] = type === 'boolean' ? value === 'true' : value;
  }
  const mask = createMask(
    file.settings.flatMap(({ type, name: setting }) => (type === 'secret' ? String(config[setting] ?? '') : [])),
  );
  try {
    // the same check of settings as in the form
    await declaredConnector(file).connect(config, {}).close?.();
  } catch (thrown) {
    print(mask(asSyncError(thrown).message));
    return 2;
  }
  print(`${name}: kind ${file.kind}, ${new Date().toISOString()}`);
  let isGood = true;
  for await (const { good, what, found } of probe(file, config, project === undefined ? {} : { project })) {
    isGood &&= good !== false;
    print(mask(`  ${good === undefined ? ' ' : good ? '✔' : '✘'} ${what}: ${found}`));
  }
  return isGood ? 0 : 1;
}
