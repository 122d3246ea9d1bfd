/**
 * The settings of a connector in the system form, declared once. From the declaration follow the form's inputs, their
 * validation, the types of the values that `connect` receives, and the keys of translated texts
 * (`connectors.<kind>.<name>` in nodes/system/locales). Tests compare the locale files and the connector's page in
 * docs/connectors with the declaration.
 */

import { SyncError } from '../../model/errors';
import type { RichTextFormat } from '../../model/values';
import type { ConnectContext, Connection, Connector, ConnectorConfig } from '../connector';
import { type ConfigField, type ConnectorCategory, SECRET_NAMES } from '../form';
import { parseBaseUrl } from '../http/client';
import { serverOf } from '../http/place';

/** One or several inputs, and the value that they form. */
export interface Setting<T> {
  /** @param name under which the value is saved */
  inputs(name: string): ConfigField[];
  /** @throws Problems in words for an admin */
  read(name: string, given: ConnectorConfig): T;
}

type About = Pick<ConfigField, 'label' | 'hint' | 'placeholder'>;

/** Errors of inputs, by input name. */
class Problems extends Error {
  constructor(readonly fields: Record<string, string>) {
    super(Object.values(fields).join(', '));
  }
}

/** A setting with one input. @param read throws an Error that describes what is wrong */
const single = <T>(input: Omit<ConfigField, 'name'>, read: (value: unknown) => T): Setting<T> => ({
  inputs: (name) => [{ name, ...input }],
  read: (name, given) => {
    try {
      return read(given[name]);
    } catch (thrown) {
      const why = thrown instanceof SyncError ? thrown.detail.fields?.url : undefined;
      const words = thrown instanceof Error ? thrown.message : String(thrown);
      throw new Problems({ [name]: why === undefined ? words : `The URL ${why}` });
    }
  },
});

const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** A flow may have been edited by hand: what is there and has the wrong type is an error, and no default. */
const not = (wanted: string, value: unknown, { label }: About): Error =>
  new Error(`${label} is ${JSON.stringify(value).slice(0, 60)}, not ${wanted}`);

/** '' if there is none. */
function given(value: unknown, about: About): string {
  if (!isThere(value)) return '';
  if (typeof value !== 'string') throw not('a text', value, about);
  return value.trim();
}

function required(value: unknown, about: About): string {
  const text = given(value, about);
  if (text === '') throw new Error(`${about.label} is missing`);
  return text;
}

/** The system's base URL, with a trailing slash. */
export const address = (about: About): Setting<string> =>
  single({ ...about, type: 'url', required: true }, (value) => parseBaseUrl(required(value, about)).href);

/** An optional URL. @param usual its default; undefined = none */
export const otherAddress = <D extends string | undefined>(about: About, usual: D): Setting<string | D> =>
  single({ ...about, type: 'url', ...(usual !== undefined && { default: usual }) }, (value) => {
    const text = given(value, about);
    if (text === '') return usual;
    if (!URL.canParse(text)) throw new Error(`${about.label} is not a URL`);
    return text;
  });

/** A value stored in Node-RED's credentials. Its name must be one of SECRET_NAMES. */
export const secret = (about: About): Setting<string> =>
  single({ ...about, type: 'secret', required: true }, (value) => {
    // not shown in an error
    if (isThere(value) && typeof value !== 'string') throw new Error(`${about.label} is not a text`);
    return required(value, about);
  });

/** An optional text. @param usual its default; undefined = none */
export const text = <D extends string | undefined = undefined>(about: About, usual?: D): Setting<string | D> =>
  single({ ...about, type: 'text', ...(usual !== undefined && { default: usual }) }, (value) =>
    given(value, about) === '' ? (usual as D) : given(value, about),
  );

/** A required text. */
export const requiredText = (about: About): Setting<string> =>
  single({ ...about, type: 'text', required: true }, (value) => required(value, about));

/** Yes or no. */
export const flag = (about: About, usual = false): Setting<boolean> =>
  single({ ...about, type: 'boolean', default: usual }, (value) => {
    if (!isThere(value)) return usual;
    if (typeof value !== 'boolean') throw not('true or false', value, about);
    return value;
  });

interface Option<V extends string> {
  value: V;
  label: string;
}

function optionOf<V extends string>(about: About, options: readonly Option<V>[], value: unknown): V {
  const wanted = given(value, about);
  const found = wanted === '' ? options[0] : options.find((option) => option.value === wanted);
  if (!found) throw new Error(`${about.label} has no option "${wanted.slice(0, 40)}"`);
  return found.value;
}

/** One of several values; the first is the default. */
export const choice = <const V extends string>(about: About, options: readonly Option<V>[]): Setting<V> =>
  single({ ...about, type: 'select', default: options[0]?.value, options: [...options] }, (value) =>
    optionOf(about, options, value),
  );

/** The same, for a connector that distinguishes the default from a choice: undefined = nothing was chosen. */
export const choiceIfAny = <const V extends string>(
  about: About & Pick<ConfigField, 'required'>,
  options: readonly Option<V>[],
): Setting<V | undefined> =>
  single({ ...about, type: 'select', default: options[0]?.value, options: [...options] }, (value) =>
    given(value, about) === '' ? undefined : optionOf(about, options, value),
  );

/** Maximum number of parallel writes. */
export const concurrency = (usual: 1 | 2 | 4 | 8): Setting<number> => {
  const options = ['1', '2', '4', '8'].map((value) => ({ value, label: value }));
  const label = 'Parallel writes';
  return single({ label, type: 'select', default: String(usual), options, advanced: true }, (value) => {
    if (!isThere(value)) return usual;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) throw not('a number', value, { label });
    return Math.min(8, Math.max(1, Math.floor(number) || usual));
  });
};

/** Shown only while another input has this value, but always read. */
export const shownIf = <T>(name: string, value: string, setting: Setting<T>): Setting<T> => ({
  inputs: (own) => setting.inputs(own).map((input) => ({ ...input, visibleIf: { name, value } })),
  read: (own, config) => setting.read(own, config),
});

export type Settings = Record<string, Setting<unknown>>;
/** The values of settings, by name. */
export type Values<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** The settings of one alternative, and its label. */
export interface Alternative<S extends Settings = Settings> {
  label: string;
  settings: S;
}
/** `{ kind: 'login', login: …, password: … }`, for each alternative */
export type Chosen<A extends Record<string, Alternative>> = {
  [K in keyof A]: { kind: K } & Values<A[K]['settings']>;
}[keyof A];

/**
 * One of several alternatives, such as ways to sign in: a choice, and the inputs of the chosen alternative. Only those
 * are shown and read. The first alternative is the default. Two alternatives may share an input by its name.
 */
export const alternatives = <const A extends Record<string, Alternative>>(
  about: About,
  ways: A,
): Setting<Chosen<A>> => {
  const options = Object.entries(ways).map(([value, { label }]) => ({ value, label }));
  return {
    inputs: (name) => [
      ...choice(about, options).inputs(name),
      ...Object.entries(ways).flatMap(([value, { settings }]) =>
        Object.entries(settings).flatMap(([own, setting]) => shownIf(name, value, setting).inputs(own)),
      ),
    ],
    read: (name, config) => {
      const kind = choice(about, options).read(name, config);
      return { kind, ...readAll(ways[kind]?.settings ?? {}, config) } as Chosen<A>;
    },
  };
};

export interface ConnectorDefinition<S extends Settings> {
  /** stable key, saved in flows */
  kind: string;
  label: string;
  category: ConnectorCategory;
  richText?: RichTextFormat;
  settings: S;
  /** Errors of values that are valid one by one, by input. */
  check?(values: Values<S>): Record<string, string>;
  /** Identifies the server; by default by the setting `url`. @see Connector.place */
  place?(given: ConnectorConfig): string;
  /** Called with checked values. */
  connect(values: Values<S>, context: ConnectContext): Connection;
}

/** @throws Error if a secret has a name that Node-RED would not store */
export function defineConnector<S extends Settings>(definition: ConnectorDefinition<S>): Connector {
  const { kind, label, category, richText, settings, check, connect } = definition;
  const config = Object.entries(settings).flatMap(([name, setting]) => setting.inputs(name));
  const lost = config.find(({ name, type }) => type === 'secret' && !SECRET_NAMES.some((known) => known === name));
  if (lost) throw new Error(`${kind}: the secret "${lost.name}" must be called one of ${SECRET_NAMES.join(', ')}`);
  const place = definition.place ?? ('url' in settings ? ({ url }) => serverOf(`${url ?? ''}`) : undefined);
  return {
    ...{ kind, label, category, config },
    ...(richText && { richText }),
    ...(place && { place }),
    connect: (values, context) => {
      try {
        const read = readAll(settings, values);
        const problems = check?.(read) ?? {};
        if (Object.keys(problems).length > 0) throw new Problems(problems);
        return connect(read, context);
      } catch (thrown) {
        if (!(thrown instanceof Problems)) throw thrown;
        throw new SyncError('invalid', `${label}: ${thrown.message}`, { fields: thrown.fields });
      }
    },
  };
}

/** @throws Problems all errors at once */
function readAll<S extends Settings>(settings: S, config: ConnectorConfig): Values<S> {
  const problems: Record<string, string> = {};
  const values = Object.entries(settings).map(([name, setting]): [string, unknown] => {
    try {
      return [name, setting.read(name, config)];
    } catch (thrown) {
      if (!(thrown instanceof Problems)) throw thrown;
      Object.assign(problems, thrown.fields);
      return [name, undefined];
    }
  });
  if (Object.keys(problems).length > 0) throw new Problems(problems);
  return Object.fromEntries(values) as Values<S>;
}
