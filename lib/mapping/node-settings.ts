/**
 * The saved properties of each node, declared once: the runtimes read with them, and broken.ts finds what they cannot read. An
 * optional property of the wrong type gets its default. Numbers may be texts: those of environment variables are.
 */

import { anyText, boolean, numberFrom, type ObjectShape, object, oneOf, text, withDefault, yes } from '../model/shape';
import type { NodeType } from '../saved';
import { CONDITION_MODES } from './conditions';
import {
  readBacklinks,
  readConditions,
  readDefaultRows,
  readDomains,
  readFieldRows,
  readPairs,
  readProjectPairs,
  readSide,
  readTypePairs,
  readValueRows,
} from './saved';

const limit = (most: number) => numberFrom(Number.MIN_VALUE, most, { isWhole: false });
const named = { name: text, integration: text };
const side = withDefault(readSide, 1);

const systemSettings = object(
  {},
  {
    ...{ name: text, kind: text, proxy: text, tls: text, ignoreOwn: withDefault(yes, false) },
    // the connector reads what is in it (lib/connectors/kit/settings.ts)
    config: object({}, {}),
    ...{ maxRequestsPerSecond: limit(10_000), maxConcurrent: limit(100) },
  },
);

const integrationSettings = object(
  {
    ...{ system1: anyText, system2: anyText, active: withDefault(boolean, true) },
    ...{ projectPairs: readProjectPairs, typePairs: readTypePairs, backlinks: readBacklinks },
    ...{ retries: withDefault(numberFrom(0), 3), parkFields: withDefault(yes, false) },
    targetDeleted: withDefault(oneOf(['park', 'create', 'ignore']), 'park'),
    lostAfterMs: withDefault(numberFrom(0), 10 * 60_000),
  },
  { id: text, name: text },
);

const pollerSettings = object(
  {
    side,
    schedule: withDefault(oneOf(['interval', 'cron', 'manual']), 'interval'),
    unit: withDefault(oneOf(['seconds', 'minutes', 'hours']), 'minutes'),
    cron: anyText,
    start: withDefault(oneOf(['newest', 'time', 'all']), 'newest'),
    startTime: anyText,
    pageSize: withDefault(numberFrom(1, 1_000), 100),
    window: withDefault(numberFrom(1, 10_000), 200),
  },
  { ...named, interval: limit(Number.MAX_SAFE_INTEGER) },
);

/** Which changes of its side a filter lets through at all. */
export const FILTER_KINDS = ['both', 'create', 'update'] as const;
const outputs = withDefault(numberFrom(1, 2), 1);
const filterSettings = object(
  {
    ...{ pairs: readPairs, side, by: withDefault(oneOf(['conditions', 'query', 'expression']), 'conditions') },
    ...{
      mode: withDefault(oneOf(CONDITION_MODES), 'all'),
      conditions: readConditions,
      expression: anyText,
      query: anyText,
    },
    ...{ matchCase: withDefault(yes, false), live: withDefault(yes, false), outputs },
    kinds: withDefault(oneOf(FILTER_KINDS), 'both'),
  },
  named,
);

const writerSettings = object(
  { batchSize: withDefault(numberFrom(1, 1_000), 50), dryRun: withDefault(yes, false) },
  named,
);

export const SETTINGS: Readonly<Record<NodeType, ObjectShape<object>>> = {
  'twinflow-system': systemSettings,
  'twinflow-integration': integrationSettings,
  'twinflow-poller': pollerSettings,
  'twinflow-filter': filterSettings,
  'twinflow-field-mapper': object({ pairs: readPairs, rows: readFieldRows }, named),
  'twinflow-value-mapper': object({ pairs: readPairs, rows: readValueRows, domains: readDomains }, named),
  'twinflow-default-mapper': object({ pairs: readPairs, rows: readDefaultRows }, named),
  'twinflow-writer': writerSettings,
};

/** @throws Error for what is no object; every property has a default */
const reader =
  <T>(shape: ObjectShape<T>) =>
  (saved: object): T => {
    const read = shape(saved);
    if (read === undefined) throw new Error('The properties of a node are an object.');
    return read;
  };

export const readSystemSettings = reader(systemSettings);
export const readIntegrationSettings = reader(integrationSettings);
export const readPollerSettings = reader(pollerSettings);
export const readFilterSettings = reader(filterSettings);
export const readWriterSettings = reader(writerSettings);
