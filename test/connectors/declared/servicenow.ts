/** ServiceNow's incidents on the stand-in: encoded queries, values with what is displayed, choices, after its documentation. */

import { declaredConnector } from '../../../lib/connectors/declared/connector';
import { shippedFile } from '../../../lib/connectors/declared/files';
import { type Answer, type Body, Refusal, type Row, StandIn, type Vendor } from './stand-in';

export const PASSWORD = 'correct horse battery';

interface Person {
  sys_id: string;
  user_name: string;
  name: string;
  email: string;
}
const PEOPLE: Person[] = [
  { sys_id: 'u1', user_name: 'sync', name: 'Sync Account', email: 'sync@example.com' },
  { sys_id: 'u2', user_name: 'alice', name: 'Alice Adams', email: 'alice@example.com' },
  { sys_id: 'u3', user_name: "o'brien", name: "Bob O'Brien", email: "o'brien@example.com" },
];
const GROUPS = [
  { sys_id: 'g1', name: 'Network' },
  { sys_id: 'g2', name: "Bob's team" },
];
const CHOICES: Record<string, [string, string][]> = {
  state: [
    ['New', '1'],
    ['In Progress', '2'],
    ['On Hold', '3'],
    ['Resolved', '6'],
    ['Closed', '7'],
  ],
  impact: [
    ['1 - High', '1'],
    ['2 - Medium', '2'],
    ['3 - Low', '3'],
  ],
  urgency: [
    ['1 - High', '1'],
    ['2 - Medium', '2'],
    ['3 - Low', '3'],
  ],
  category: [
    ['Software', 'software'],
    ['Hardware', 'hardware'],
  ],
  close_code: [['Solution provided', 'Solution provided']],
};
const TEXTS = ['short_description', 'description', 'close_notes', 'correlation_id', 'correlation_display', 'due_date'];
const LENGTHS: Record<string, number> = { short_description: 160, correlation_id: 100, correlation_display: 100 };

const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
const both = (value: string, display_value = value): Body => ({ display_value, value });

const displayOf = (name: string, value: string): string => {
  if (name === 'assigned_to' || name === 'caller_id') return PEOPLE.find(({ sys_id }) => sys_id === value)?.name ?? '';
  if (name === 'assignment_group') return GROUPS.find(({ sys_id }) => sys_id === value)?.name ?? '';
  return CHOICES[name]?.find(([, one]) => one === value)?.[0] ?? value;
};

/** Takes a body of a create or an update; ServiceNow ignores fields that it does not know, and cuts texts off. */
function take(item: Body, sent: Body): void {
  for (const [name, given] of Object.entries(sent)) {
    const isKnown = TEXTS.includes(name) || name in CHOICES || /^(assigned_to|caller_id|assignment_group)$/.test(name);
    if (!isKnown) continue;
    item[name] = [...String(given ?? '')].slice(0, LENGTHS[name] ?? 4_000).join('');
  }
  if (item.short_description === '') throw new Refusal(403, 'Data Policy Exception: Short description is mandatory');
}

/** One condition of an encoded query, of a row's plain values. */
function holds(condition: string, value: (name: string) => string): boolean {
  const [, name = '', operator, wanted = ''] = /^([a-z_]+)(>=|<=|=|IN|LIKE)(.*)$/s.exec(condition) ?? [];
  switch (operator) {
    case '>=':
      return value(name) >= wanted;
    case '<=':
      return value(name) <= wanted;
    case '=':
      return value(name) === wanted;
    case 'IN':
      return wanted.split(',').includes(value(name));
    case 'LIKE':
      return value(name).toLowerCase().includes(wanted.toLowerCase());
    default:
      // what is no condition is left out without a word
      return true;
  }
}

function queried<T>(all: readonly T[], query: string, read: (one: T, name: string) => string): T[] {
  const parts = query.split('^').filter((part) => part !== '');
  const orders = parts.filter((part) => part.startsWith('ORDERBY'));
  const conditions = parts.filter((part) => !part.startsWith('ORDERBY'));
  const kept = all.filter((one) => conditions.every((condition) => holds(condition, (name) => read(one, name))));
  return kept.sort((a, b) => {
    for (const order of orders) {
      const [, isDown, name = ''] = /^ORDERBY(DESC)?(.*)$/.exec(order) ?? [];
      const [one, other] = [read(a, name), read(b, name)];
      if (one !== other) return (one < other ? -1 : 1) * (isDown ? -1 : 1);
    }
    return 0;
  });
}

const sorted = (number: number): string => String(number).padStart(10, '0');
/** of a fixed length, as sys_ids are */
export const sysId = sorted;

const plainOf = ({ number, created, updated, by, item }: Row, name: string): string => {
  const own: Record<string, string> = {
    ...{ sys_created_on: time(created), sys_updated_on: time(updated), sys_created_by: by },
    number: `INC${sorted(number)}`,
  };
  return own[name] ?? String(item[name] ?? '');
};

const ok = (result: unknown): Answer => ({ status: 200, body: { result } });

export const vendor: Vendor = {
  file: shippedFile('servicenow'),
  stepMs: 1_000,
  hasProject: () => true,
  who: ({ authorization }) =>
    authorization === `Basic ${Buffer.from(`sync:${PASSWORD}`).toString('base64')}` ? 'sync' : undefined,
  error: ({ message }) => ({ error: { message, detail: null }, status: 'failure' }),
  wrap: (result) => ({ result }),
  make(_row, sent) {
    const item: Body = { state: '1', impact: '3', urgency: '3', short_description: '', category: '' };
    take(item, sent);
    item.sys_mod_count = '0';
    return item;
  },
  change({ item }, sent) {
    const before = JSON.stringify(item);
    take(item, sent);
    if (JSON.stringify(item) !== before) item.sys_mod_count = String(Number(item.sys_mod_count) + 1);
  },
  show(row, by) {
    const { number, item } = row;
    const fields = Object.fromEntries(
      [...TEXTS, ...Object.keys(CHOICES), 'assigned_to', 'caller_id', 'assignment_group'].map((name) => {
        const value = String(item[name] ?? '');
        return [name, both(value, displayOf(name, value))];
      }),
    );
    const priority = String(Math.min(5, Math.max(1, Number(item.impact) + Number(item.urgency) - 1)));
    return {
      ...fields,
      ...{
        sys_id: both(sysId(number)),
        number: both(plainOf(row, 'number')),
        priority: both(priority, `${priority} - P`),
      },
      ...{ sys_created_on: both(plainOf(row, 'sys_created_on')), sys_updated_on: both(plainOf(row, 'sys_updated_on')) },
      ...{ sys_created_by: both(row.by), sys_updated_by: both(by), sys_mod_count: both(String(item.sys_mod_count)) },
    };
  },
  list: (_type, rows, params) =>
    queried(rows, params.get('sysparm_query') ?? '', (row, name) =>
      name === 'sys_id' ? sysId(row.number) : plainOf(row, name),
    ),
  other(method, path, params) {
    const table = /^\/api\/now\/table\/(\w+)$/.exec(path)?.[1];
    if (method !== 'GET' || table === 'incident' || table === undefined) return undefined;
    const query = params.get('sysparm_query') ?? '';
    const some = <T>(all: T[]): Answer => {
      const offset = Number(params.get('sysparm_offset') ?? 0);
      return ok(all.slice(offset, offset + Number(params.get('sysparm_limit') ?? 10_000)));
    };
    if (table === 'sys_user')
      return some(
        queried(PEOPLE, query, (one, name) => (name === 'active' ? 'true' : String(Reflect.get(one, name) ?? ''))),
      );
    if (table === 'sys_user_group')
      return some(
        queried(GROUPS, query, (one, name) => (name === 'active' ? 'true' : String(Reflect.get(one, name) ?? ''))),
      );
    const element = /\belement=([a-z_]+)/.exec(query)?.[1] ?? '';
    if (table === 'sys_choice') return some((CHOICES[element] ?? []).map(([label, value]) => ({ label, value })));
    throw new Refusal(400, `Invalid table ${table}`);
  },
};

export const servicenow = declaredConnector(vendor.file);
export const startServicenow = (): Promise<StandIn> => new StandIn(vendor).start();
