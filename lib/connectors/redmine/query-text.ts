/** Filters of Redmine as an administrator enters them: parameters, or the address of a list of issues. Pure. */

import { SyncError } from '../../model/errors';
import type { Filter } from './api';

export type RedmineQuery = {
  /** names of the filters */
  fields: string[];
  /** the project in which the filters are looked up, with its subprojects */
  project?: string;
} & (
  | { kind: 'filters'; filters: Filter[] }
  /** as the API takes them: without a status, open issues alone */
  | { kind: 'parameters'; parameters: Record<string, string> }
  | { kind: 'saved'; parameters: Record<string, string> }
);

const LONGEST = 4_000;
/** How a list is shown, and who asks. */
const SHOWN =
  /^(utf8|set_filter|sort|page|per_page|limit|offset|include|group_by|key|c|t|columns|totals|format|commit|fields)(\[.*)?$/;
const NAME = /^[a-z][\w.]{0,60}$/;
/** https://www.redmine.org/projects/redmine/repository/svn/entry/trunk/app/models/query.rb, `operators` */
const OPERATORS = new Set(
  '= ! o c !* * >= <= >< <t+ >t+ ><t+ t+ nd t ld nw w lw l2w nm m lm y >t- <t- ><t- t- ~ *~ |~ !~ =p =!p !p *o !o ^ $ ev !ev cf'.split(
    ' ',
  ),
);

const refused = (why: string): SyncError => new SyncError('invalid', why, { fields: { query: why } });

/** @throws SyncError invalid */
export function redmineQuery(typed: string): RedmineQuery {
  const text = typed.trim();
  if (text === '') throw refused('Enter filters, such as status_id=open.');
  if (text.length > LONGEST) throw refused(`The filters are longer than ${LONGEST} characters.`);
  const mark = text.indexOf('?');
  const isAddress = /^(https?:\/\/|\/)/i.test(text) || mark === 0;
  const path = isAddress ? text.slice(0, Math.max(0, mark)) : '';
  const inPath = /\/projects\/([^/?#]+)\/issues/.exec(path)?.[1];
  const given = new URLSearchParams(isAddress ? text.slice(mark + 1).replace(/#.*$/, '') : text);
  const project = given.get('project_id') ?? inPath;
  const entries = [...given].filter(([name]) => !SHOWN.test(name) && name !== 'project_id');
  const where = project === undefined ? {} : { project };
  if (given.has('query_id')) {
    const id = given.get('query_id') ?? '';
    if (!/^\d{1,9}$/.test(id)) throw refused('The number of a saved query is a whole number: query_id=5.');
    if (entries.length > 1) throw refused('Redmine applies no other filters beside a saved query. Leave them out.');
    return {
      kind: 'saved',
      fields: [],
      ...where,
      parameters: { query_id: id, ...(project && { project_id: project }) },
    };
  }
  const names = given.getAll('f[]').filter((name) => name !== '');
  const query: RedmineQuery =
    names.length > 0
      ? { kind: 'filters', fields: names, ...where, filters: names.map((name) => filterOf(given, name)) }
      : {
          kind: 'parameters',
          fields: entries.map(([name]) => name),
          ...where,
          parameters: Object.fromEntries(entries),
        };
  if (query.fields.length === 0) throw refused('There is no filter in this. Enter filters, such as status_id=open.');
  for (const field of query.fields) {
    if (!NAME.test(field)) throw refused(`"${field}" is no filter of Redmine. Enter filters, such as status_id=open.`);
    if (field === 'issue_id') throw refused('The filter "issue_id" cannot be used: Twinflow asks by it.');
  }
  if (new Set(query.fields).size < query.fields.length) throw refused('A filter is there twice.');
  return query;
}

function filterOf(given: URLSearchParams, field: string): Filter {
  const operator = given.get(`op[${field}]`) ?? '';
  if (!OPERATORS.has(operator))
    throw refused(`The filter "${field}" has no operator that Redmine knows (op[${field}]).`);
  return { field, operator, values: given.getAll(`v[${field}][]`) };
}
