/**
 * What a connector asks for in the system form, declared once: the form's inputs, their check and the types of the values
 * that `connect` receives follow from it.
 */

import { SyncError } from '../../model/errors';
import type { RichTextFormat } from '../../model/values';
import type { ConnectContext, Connection, Connector, ConnectorConfig } from '../connector';
import { type ConfigField, type ConnectorCategory, SECRET_NAMES } from '../form';
import { parseBaseUrl } from '../http/client';

/** One input. `read` gives the value that it stands for, or throws what is wrong with it in words for an admin. */
export interface Setting<T> {
  input: Omit<ConfigField, 'name'>;
  read(value: string | boolean | undefined): T;
}

type About = Pick<ConfigField, 'label' | 'hint' | 'placeholder'>;

class Problem extends Error {}

const given = (value: string | boolean | undefined): string => (typeof value === 'string' ? value.trim() : '');

function required(value: string | boolean | undefined, { label }: About): string {
  const text = given(value);
  if (text === '') throw new Problem(`${label} is missing`);
  return text;
}

/** The system's base address, with a slash at its end. */
export const address = (about: About): Setting<string> => ({
  input: { ...about, type: 'url', required: true },
  read: (value) => parseBaseUrl(required(value, about)).href,
});

/** A value that is kept in Node-RED's credentials. Its name must be one of SECRET_NAMES. */
export const secret = (about: About): Setting<string> => ({
  input: { ...about, type: 'secret', required: true },
  read: (value) => required(value, about),
});

/** A text that may be left out. */
export const text = (about: About): Setting<string | undefined> => ({
  input: { ...about, type: 'text' },
  read: (value) => given(value) || undefined,
});

/** One of several values; the first is the default. */
export const choice = <const V extends string>(
  about: About,
  options: readonly { value: V; label: string }[],
): Setting<V> => ({
  input: { ...about, type: 'select', default: options[0]?.value, options: [...options] },
  read: (value) => {
    const text = given(value);
    const found = text === '' ? options[0] : options.find((option) => option.value === text);
    if (!found) throw new Problem(`${about.label} has no choice "${text.slice(0, 40)}"`);
    return found.value;
  },
});

/** How many writes may be under way at a time. */
export const concurrency = (usual: 1 | 2 | 4 | 8): Setting<number> => {
  const options = [usual, ...[1, 2, 4, 8].filter((one) => one !== usual)].map(String);
  const { input, read } = choice(
    { label: 'Writes at the same time' },
    options.map((value) => ({ value, label: value })),
  );
  const sorted = [...(input.options ?? [])].sort((a, b) => Number(a.value) - Number(b.value));
  return { input: { ...input, options: sorted }, read: (value) => Number(read(value)) };
};

export type Settings = Record<string, Setting<unknown>>;
/** The values that settings stand for, by name. */
export type Values<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

export interface ConnectorDefinition<S extends Settings> {
  /** stable key, saved in flows */
  kind: string;
  label: string;
  category: ConnectorCategory;
  richText?: RichTextFormat;
  settings: S;
  /** Called with checked values. */
  connect(values: Values<S>, context: ConnectContext): Connection;
}

/** @throws Error – a secret has a name under which Node-RED would not keep it */
export function defineConnector<S extends Settings>(definition: ConnectorDefinition<S>): Connector {
  const { kind, label, category, richText, settings, connect } = definition;
  const config = Object.entries(settings).map(([name, { input }]): ConfigField => ({ name, ...input }));
  const lost = config.find(({ name, type }) => type === 'secret' && !SECRET_NAMES.some((known) => known === name));
  if (lost) throw new Error(`${kind}: the secret "${lost.name}" must be called one of ${SECRET_NAMES.join(', ')}`);
  return {
    ...{ kind, label, category, config },
    ...(richText && { richText }),
    connect: (given, context) => connect(read(settings, given, label), context),
  };
}

function read<S extends Settings>(settings: S, given: ConnectorConfig, product: string): Values<S> {
  const problems: Record<string, string> = {};
  const values = Object.entries(settings).map(([name, setting]): [string, unknown] => {
    try {
      return [name, setting.read(given[name])];
    } catch (thrown) {
      const why = thrown instanceof SyncError ? thrown.detail.fields?.url : undefined;
      problems[name] =
        why === undefined ? (thrown instanceof Error ? thrown.message : String(thrown)) : `The URL ${why}`;
      return [name, undefined];
    }
  });
  if (Object.keys(problems).length > 0) {
    throw new SyncError('invalid', `${product}: ${Object.values(problems).join(', ')}`, { fields: problems });
  }
  return Object.fromEntries(values) as Values<S>;
}
