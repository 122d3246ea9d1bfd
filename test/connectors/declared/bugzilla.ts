/** Bugzilla's bugs on the stand-in: searches, products, values and numbered errors, after the documentation of its REST API. */

import { declaredConnector } from '../../../lib/connectors/declared/connector';
import { shippedFile } from '../../../lib/connectors/declared/files';
import { type Answer, type Body, Refusal, type Row, StandIn, type Vendor } from './stand-in';

export const KEY = 'Tn3xQ0123456789abcdefghijABCDEFGHIJ01234';
export const PRODUCT = "Bob's Widgets & Co";
const PRODUCTS = [PRODUCT, 'Other'];
const COMPONENTS = ['Core', "User's guide"];
const VERSIONS = ['1.0', 'unspecified'];
const MILESTONES = ['---', '2.0'];

const PEOPLE = [
  { id: 1, name: 'sync@example.com', real_name: 'Sync Account' },
  { id: 2, name: 'alice@example.com', real_name: 'Alice Adams' },
  { id: 3, name: "o'brien@example.com", real_name: "Bob O'Brien" },
];
const OPEN = ['UNCONFIRMED', 'CONFIRMED', 'IN_PROGRESS'];
const FIELDS: Record<string, string[]> = {
  bug_status: [...OPEN, 'RESOLVED', 'VERIFIED'],
  resolution: ['', 'FIXED', 'INVALID', 'WONTFIX'],
  priority: ['---', 'Highest', 'Normal'],
  bug_severity: ['blocker', 'normal', 'enhancement'],
  rep_platform: ['All', 'PC'],
  op_sys: ['All', 'Linux', 'Windows'],
};
const LISTS: Record<string, string[]> = {
  ...{ component: COMPONENTS, version: VERSIONS, target_milestone: MILESTONES, priority: FIELDS.priority ?? [] },
  ...{ severity: FIELDS.bug_severity ?? [], platform: FIELDS.rep_platform ?? [], op_sys: FIELDS.op_sys ?? [] },
};

/** with a number of the documentation */
const refusal = (status: number, code: number, message: string): Refusal => new Refusal(status, message, { code });

/** What Bugzilla makes of a text of one line. */
export const cleaned = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim();

const userOf = (login: unknown): Body | null => {
  const found = PEOPLE.find(({ name }) => name === login);
  return found ? { ...found, email: found.name } : null;
};

/** Takes a body of a create or an update. */
function take(item: Body, sent: Body): void {
  const { summary, assigned_to, status, resolution } = sent;
  if (summary !== undefined) {
    const text = cleaned(String(summary));
    if (text === '') throw refusal(400, 107, 'You must enter a summary for this bug.');
    if ([...text].length > 255) throw refusal(400, 104, 'The text you entered in the Summary field is too long.');
    item.summary = text;
  }
  for (const [name, list] of Object.entries(LISTS)) {
    const value = sent[name];
    if (value === undefined) continue;
    if (!list.some((one) => one === value)) throw refusal(404, 51, `There is no ${name} named '${String(value)}'.`);
    item[name] = value;
  }
  if (assigned_to !== undefined) {
    if (!userOf(assigned_to)) throw refusal(400, 504, `There is no user named '${String(assigned_to)}'.`);
    item.assigned_to = assigned_to;
  }
  for (const name of ['whiteboard', 'url']) if (sent[name] !== undefined) item[name] = cleaned(String(sent[name]));
  const { deadline } = sent;
  if (deadline !== undefined) {
    if (deadline !== '' && !/^\d{4}-\d\d-\d\d$/.test(String(deadline)))
      throw refusal(400, 55, `'${String(deadline)}' is not a legal date.`);
    item.deadline = deadline === '' ? null : deadline;
  }
  if (status !== undefined) {
    if (!FIELDS.bug_status?.some((one) => one === status)) throw refusal(404, 51, 'There is no such status.');
    if (!OPEN.includes(String(status)) && !resolution && !item.resolution)
      throw refusal(400, 121, `A valid resolution is required to mark bugs as ${String(status)}.`);
    item.status = status;
    if (OPEN.includes(String(status))) item.resolution = '';
  }
  if (resolution !== undefined) {
    if (OPEN.includes(String(item.status))) throw refusal(400, 122, 'You cannot set a resolution for open bugs.');
    if (!resolution || !FIELDS.resolution?.some((one) => one === resolution))
      throw refusal(404, 51, 'There is no such resolution.');
    item.resolution = resolution;
  }
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const ok = (body: unknown): Answer => ({ status: 200, body });
const named = (names: readonly string[]): Body[] =>
  names.map((name, id) => ({ id: id + 1, name, sort_key: id, is_active: true }));

const productOf = (name: string): Body => ({
  ...{ id: PRODUCTS.indexOf(name) + 1, name, is_active: true, classification: 'Unclassified' },
  ...{ components: named(COMPONENTS), versions: named(VERSIONS), milestones: named(MILESTONES) },
});

const ORDERS: Record<string, (row: Row) => number> = {
  changeddate: ({ updated }) => updated,
  bug_id: ({ number }) => number,
};

export const vendor: Vendor = {
  file: shippedFile('bugzilla'),
  stepMs: 1_000,
  hasProject: (id) => PRODUCTS.includes(id),
  who: ({ 'x-bugzilla-api-key': key }) => (key === KEY ? 'sync@example.com' : undefined),
  error: ({ status, message, more }) => ({
    ...{ error: true, message, code: { 401: 306, 404: 101 }[status] ?? 32_000, ...more },
    documentation: 'https://bugzilla.readthedocs.org/en/5.0/api/',
  }),
  wrap(body, what) {
    if (what === 'list') return { bugs: body };
    if (what === 'read') return { bugs: [body], faults: [] };
    const id: unknown = Reflect.get(Object(body), 'id');
    if (what === 'create') return { id };
    return { bugs: [{ id, alias: [], changes: {}, last_change_time: Reflect.get(Object(body), 'last_change_time') }] };
  },
  make(_row, sent) {
    for (const [name, code] of Object.entries({ product: 106, component: 105, summary: 107, version: 104 }))
      if (!sent[name]) throw refusal(400, code, `You must select/enter a ${name}.`);
    if (!PRODUCTS.includes(String(sent.product))) throw refusal(400, 106, 'There is no such product.');
    // a new bug takes the open states only
    if (sent.status !== undefined && !['UNCONFIRMED', 'CONFIRMED'].includes(String(sent.status)))
      throw refusal(400, 104, 'This status cannot be set on a new bug.');
    const item: Body = {
      ...{ product: sent.product, status: 'CONFIRMED', resolution: '', priority: '---', severity: 'normal' },
      ...{ platform: 'All', op_sys: 'All', target_milestone: '---', assigned_to: 'sync@example.com' },
      ...{ whiteboard: '', url: '', deadline: null, description: sent.description ?? '' },
    };
    // these are not among what a create takes
    take(item, { ...sent, whiteboard: undefined, deadline: undefined });
    return item;
  },
  change: ({ item }, sent) => take(item, sent),
  show({ number, created, updated, by, item: { description: _inAComment, ...item } }) {
    return {
      ...{ id: number, alias: [], creator: by, creator_detail: userOf(by), creation_time: time(created) },
      ...{ last_change_time: time(updated), cc: [], cc_detail: [], keywords: [], groups: [], is_open: true },
      ...{ ...item, assigned_to_detail: userOf(item.assigned_to) },
    };
  },
  list(_type, rows, params) {
    const known = ['product', 'last_change_time', 'creation_time', 'creator', 'id', 'order', 'limit', 'offset'];
    const terms = [...params.keys()].filter((name) => !/^(order|limit|offset|include_fields)$/.test(name));
    if (terms.length === 0) throw refusal(400, 1000, 'You may not search without any search terms.');
    for (const name of terms) if (!known.includes(name)) throw new Error(`the stand-in has no search by ${name}`);
    const of = (name: string) => params.get(name);
    const from = (name: string) => (of(name) === null ? Number.NEGATIVE_INFINITY : Date.parse(of(name) ?? ''));
    const ids = of('id')?.split(',');
    const kept = rows.filter(
      ({ number, updated, created, by, item }) =>
        (ids?.includes(String(number)) ?? true) &&
        (of('product') ?? item.product) === item.product &&
        (of('creator') ?? by) === by &&
        updated >= from('last_change_time') &&
        created >= from('creation_time'),
    );
    const orders = (of('order') ?? 'bug_id').split(',').map((one) => one.split(' '));
    return kept.sort((a, b) => {
      for (const [name = '', way] of orders) {
        const order = ORDERS[name];
        if (!order) throw refusal(400, 32_000, `'${name}' is not a valid column to order by.`);
        const difference = order(a) - order(b);
        if (difference !== 0) return way === 'DESC' ? -difference : difference;
      }
      return 0;
    });
  },
  other(method, path, params, by) {
    if (method !== 'GET') return undefined;
    const below = path.replace(/^\/rest/, '');
    if (below === '/whoami') return ok(userOf(by));
    if (below === '/user') {
      const [login, match] = [params.get('names'), params.get('match')?.toLowerCase()];
      const users = PEOPLE.filter(({ name, real_name }) =>
        login === null
          ? `${name} ${real_name}`.toLowerCase().includes(match ?? '\0')
          : name.toLowerCase() === login.toLowerCase(),
      );
      if (login !== null && users.length === 0) throw refusal(404, 51, `There is no user named '${login}'.`);
      return ok({ users: users.map(({ name }) => userOf(name)) });
    }
    if (below === '/product') {
      const names = params.getAll('names');
      const wanted = params.get('type') === 'accessible' ? PRODUCTS : PRODUCTS.filter((one) => names.includes(one));
      return ok({ products: wanted.map(productOf) });
    }
    const field = /^\/field\/bug\/(\w+)$/.exec(below)?.[1];
    const values = field === undefined ? undefined : FIELDS[field];
    return values && ok({ fields: [{ name: field, values: named(values) }] });
  },
};

export const bugzilla = declaredConnector(vendor.file);
export const startBugzilla = (): Promise<StandIn> => new StandIn(vendor).start();
