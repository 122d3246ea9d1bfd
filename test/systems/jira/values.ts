/** Values of fields as the stand-in keeps them: taken from requests in Jira's forms only, and shown as Jira shows them. */

import type { Issue, Json, SiteView, Stored, TimeTracking } from './issue';
import {
  type FieldSpec,
  type Option,
  PEOPLE,
  type Person,
  PRIORITIES,
  PROJECTS,
  RESOLUTIONS,
  SECURITY_LEVELS,
  SPRINTS,
} from './seed';
import { stampOf } from './zone';

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a request sends for a field is refused, with Jira's words. */
export class Refused extends Error {}

/** A fault of the server: whatever the request holds beside, it is answered with 500. */
export class DatabaseError extends Error {}

const LONGEST = 32_767;
export const isDocument = (value: unknown): value is Json =>
  isJson(value) &&
  value.type === 'doc' &&
  value.version === 1 &&
  Array.isArray(value.content) &&
  value.content.every(isNode);

/** https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/: nodes have a type; texts are not empty. */
function isNode(node: unknown): boolean {
  if (!isJson(node) || typeof node.type !== 'string') return false;
  if (node.type === 'text') return typeof node.text === 'string' && node.text !== '';
  return node.content === undefined || (Array.isArray(node.content) && node.content.every(isNode));
}

export function textIn(node: unknown): string {
  if (!isJson(node)) return '';
  if (node.type === 'hardBreak') return '\n';
  if (typeof node.text === 'string') return node.text;
  const inner = Array.isArray(node.content) ? node.content.map(textIn) : [];
  return inner.join(node.type === 'doc' ? '\n' : '');
}

const refuse = (words: string): never => {
  throw new Refused(words);
};

const listOf = (json: unknown): unknown[] => (Array.isArray(json) ? json : refuse('data was not an array'));

function textOf(json: unknown, most: number): string {
  if (typeof json !== 'string') return refuse('Operation value must be a string');
  if (json.includes('\0')) throw new DatabaseError('invalid byte sequence for encoding "UTF8": 0x00');
  return json.length > most
    ? refuse(`The entered text is too long. It exceeds the allowed limit of ${most.toLocaleString('en')} characters.`)
    : json;
}

const byIdOrName = (json: unknown, list: { id: string; name: string }[], what: string): string => {
  const found =
    isJson(json) && list.find(({ id, name }) => (json.id === undefined ? json.name === name : json.id === id));
  return found ? found.id : refuse(what);
};

function option(json: unknown, options: Option[]): Option {
  const found =
    isJson(json) &&
    options.find(({ id, value }) => (json.id === undefined ? json.value === value : String(json.id) === id));
  if (found) return found;
  const asked = isJson(json) ? (json.id ?? json.value) : json;
  return refuse(`Option ${isJson(json) && json.id !== undefined ? 'id' : 'value'} '${String(asked)}' is not valid`);
}

function personOf(json: unknown, site: SiteView, field: string): Person {
  if (!isJson(json)) return refuse('data was not an object');
  if (site.isCloud) {
    if (typeof json.accountId !== 'string' && typeof json.id !== 'string')
      return refuse("expected 'accountId' property to be provided");
    const found = PEOPLE.find(({ accountId }) => accountId === (json.accountId ?? json.id));
    if (!found) return refuse('Specify a valid value for the user: the account does not exist.');
    return field === 'assignee' && (found.inactive || found.accountType !== 'atlassian')
      ? refuse(`User '${found.accountId}' cannot be assigned issues.`)
      : found;
  }
  if (typeof json.name !== 'string') return refuse("expected 'name' property to be provided");
  return PEOPLE.find(({ login }) => login === json.name) ?? refuse(`User '${json.name}' does not exist.`);
}

/** Versions that the issue may be given: archived ones only if it has them already. */
function versionsFor(issue: Issue, { id }: FieldSpec) {
  const held = [issue.values[id]].flat().map(String);
  const all = PROJECTS.find((one) => one.id === issue.project)?.versions ?? [];
  return all.filter((one) => !one.archived || held.includes(one.id));
}

const DATE = /^\d{4}-\d\d-\d\d$/;

/** "1w 2d 3h 4m"; a week has five days, a day eight hours, as Jira is set up at first */
function secondsIn(json: unknown, words: string): number | undefined {
  if (json === null || json === '') return undefined;
  if (typeof json !== 'string' || !/^\s*\d+[wdhm]?(\s+\d+[wdhm])*\s*$/.test(json)) return refuse(words);
  const unit: Record<string, number> = { w: 144_000, d: 28_800, h: 3_600, m: 60 };
  return [...json.matchAll(/(\d+)([wdhm]?)/g)].reduce(
    (sum, [, count, letter]) => sum + Number(count) * (unit[letter || 'm'] ?? 0),
    0,
  );
}

/** @throws Refused */
export function takeValue(site: SiteView, field: FieldSpec, json: unknown, issue: Issue): Stored {
  const project = PROJECTS.find(({ id }) => id === issue.project);
  if (json === null || json === undefined) return takeNothing(site, field, issue);
  switch (field.kind) {
    case 'line':
      return takeLine(field, json);
    case 'url': {
      const text = textOf(json, LONGEST);
      return text === '' ? null : URL.canParse(text) ? text : refuse('The URL is invalid. Please enter a valid URL.');
    }
    case 'area': {
      if (!site.isCloud) return textOf(json, LONGEST) || null;
      if (!isDocument(json))
        return refuse('Operation value must be an Atlassian Document (see the Atlassian Document Format)');
      textOf(textIn(json), LONGEST);
      return JSON.stringify(json).length > 8 * LONGEST ? refuse('CONTENT_LIMIT_EXCEEDED') : json;
    }
    case 'number':
      return typeof json === 'number' ? json : refuse('Operation value must be a number');
    case 'date':
      return typeof json === 'string' && DATE.test(json) ? json : refuse(`Error parsing date string: ${String(json)}`);
    case 'datetime': {
      const text =
        typeof json === 'string' ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/.exec(json)?.[0] : undefined;
      return text ? Date.parse(text.replace(/(\d\d)$/, ':$1')) : refuse(`Error parsing date string: ${String(json)}`);
    }
    case 'select':
      return option(json, field.options ?? []).id;
    case 'multiselect':
      return listOf(json).map((one) => option(one, field.options ?? []).id);
    case 'cascade': {
      const parent = option(json, field.options ?? []);
      const child = isJson(json) && json.child ? option(json.child, parent.children ?? []) : undefined;
      return { parent: parent.id, ...(child ? { child: child.id } : {}) };
    }
    case 'user':
      return personOf(json, site, field.id).login;
    case 'users':
      return listOf(json).map((one) => personOf(one, site, field.id).login);
    case 'labels':
      return [
        ...new Set(
          listOf(json).map((one) =>
            /\s/.test(textOf(one, 255))
              ? refuse(`The label '${String(one)}' contains spaces which is invalid.`)
              : String(one),
          ),
        ),
      ];
    case 'components':
      return listOf(json).map((one) =>
        byIdOrName(one, project?.components ?? [], `Component ${JSON.stringify(one)} is not valid`),
      );
    case 'security':
      return byIdOrName(json, SECURITY_LEVELS, 'Specify a valid security level.');
    case 'version':
      return byIdOrName(json, versionsFor(issue, field), `Version ${JSON.stringify(json)} is not valid`);
    case 'versions':
      return listOf(json).map((one) =>
        byIdOrName(one, versionsFor(issue, field), `Version ${JSON.stringify(one)} is not valid`),
      );
    case 'priority':
      return byIdOrName(json, PRIORITIES, 'The priority selected is invalid.');
    case 'resolution':
      return byIdOrName(json, RESOLUTIONS, 'The resolution selected is invalid.');
    case 'parent':
      return site.parentFor(json, issue);
    case 'epicLink': {
      const epic = site.find(textOf(json, 255));
      return epic && epic.type === '10000'
        ? epic.id
        : refuse(`Issue '${String(json)}' is not an epic or does not exist.`);
    }
    case 'time': {
      if (!isJson(json)) return refuse('data was not an object');
      const known = issue.values.timetracking;
      const before: TimeTracking = isJson(known) ? known : {};
      const original =
        'originalEstimate' in json
          ? secondsIn(json.originalEstimate, 'Original Estimate is invalid.')
          : before.original;
      const remaining =
        'remainingEstimate' in json
          ? secondsIn(json.remainingEstimate, 'Remaining Estimate is invalid.')
          : before.remaining;
      return { ...(original === undefined ? {} : { original }), ...(remaining === undefined ? {} : { remaining }) };
    }
    case 'sprint': {
      const sprint = SPRINTS.find(({ id }) => id === json);
      if (!sprint || sprint.state === 'closed') return refuse('Number value expected as the Sprint id.');
      const before = issue.values[field.id];
      const closed = (Array.isArray(before) ? before : []).filter((id) =>
        SPRINTS.some((one) => one.id === id && one.state === 'closed'),
      );
      return [...closed.map(Number), sprint.id];
    }
    case 'rank':
      return refuse('Field cannot be set. It is not on the appropriate screen, or unknown.');
  }
}

function takeLine(field: FieldSpec, json: unknown): string | null {
  const text = textOf(json, LONGEST);
  if (field.id === 'summary') {
    if (text.trim() === '') return refuse('You must specify a summary of the issue.');
    if (text.length > 255) return refuse("Summary can't exceed 255 characters.");
    if (/[\r\n]/.test(text)) return refuse('The summary is invalid because it contains newline characters.');
  }
  return text === '' ? null : textOf(text, 255);
}

function takeNothing(site: SiteView, field: FieldSpec, issue: Issue): Stored {
  if (field.id === 'summary') return refuse('You must specify a summary of the issue.');
  if (field.required) return refuse(`${field.name} is required.`);
  if (field.kind === 'parent')
    return site.isCloud
      ? refuse('data was not an object')
      : refuse('Issue type is a sub-task but parent issue key or id not specified.');
  if (field.kind === 'priority') return issue.values.priority ?? null;
  if (field.kind === 'sprint') {
    const before = issue.values[field.id];
    return (Array.isArray(before) ? before.map(Number) : []).filter((id) =>
      SPRINTS.some((one) => one.id === id && one.state === 'closed'),
    );
  }
  return null;
}

const named = (list: { id: string; name: string }[], id: unknown) => list.find((one) => one.id === id);
const flat = (options: Option[]): Option[] => options.flatMap((one) => [one, ...(one.children ?? [])]);

/** As GET issue shows it. */
export function showValue(
  site: SiteView,
  field: FieldSpec,
  stored: Stored | undefined,
  issue: Issue,
  viewer: Person,
): unknown {
  const list = Array.isArray(stored) ? stored.map(String) : [];
  const project = PROJECTS.find(({ id }) => id === issue.project);
  const self = (path: string) => `${site.url}/rest/api/${site.isCloud ? 3 : 2}/${path}`;
  const options = flat(field.options ?? []);
  const optionJson = (id: string) => ({
    self: self(`customFieldOption/${id}`),
    value: options.find((one) => one.id === id)?.value,
    id,
  });
  if (['multiselect', 'users', 'sprint'].includes(field.kind) && list.length === 0) return null;
  switch (field.kind) {
    case 'labels':
      return field.id === 'labels' || list.length > 0 ? list : null;
    case 'components':
    case 'versions': {
      const all = field.kind === 'components' ? project?.components : project?.versions;
      return list.map((id) => ({
        self: self(`${field.kind === 'components' ? 'component' : 'version'}/${id}`),
        ...named(all ?? [], id),
      }));
    }
    case 'multiselect':
      return list.map(optionJson);
    case 'users':
      return list.map((login) => showUser(site, login, viewer));
    case 'sprint':
      return list.map((id) => {
        const { board, ...sprint } = SPRINTS.find((one) => one.id === Number(id)) ?? {};
        return { ...sprint, boardId: board };
      });
    case 'time':
      return showTime(stored);
    default:
      break;
  }
  if (stored === null || stored === undefined) return null;
  switch (field.kind) {
    case 'datetime':
      return stampOf(site.timeZone, Number(stored));
    case 'select':
      return optionJson(String(stored));
    case 'cascade': {
      const { parent, child } = isJson(stored) ? stored : {};
      return { ...optionJson(String(parent)), ...(child ? { child: optionJson(String(child)) } : {}) };
    }
    case 'user':
      return showUser(site, String(stored), viewer);
    case 'version':
      return { self: self(`version/${String(stored)}`), ...named(project?.versions ?? [], stored) };
    case 'security': {
      const { members: _members, ...level } = SECURITY_LEVELS.find(({ id }) => id === stored) ?? {};
      return { self: self(`securitylevel/${String(stored)}`), ...level };
    }
    case 'priority':
      return { self: self(`priority/${String(stored)}`), ...named(PRIORITIES, stored) };
    case 'resolution':
      return { self: self(`resolution/${String(stored)}`), ...named(RESOLUTIONS, stored) };
    case 'parent': {
      const parent = site.find(String(stored));
      return parent
        ? {
            id: parent.id,
            key: site.keyOf(parent),
            self: self(`issue/${parent.id}`),
            fields: { summary: parent.values.summary },
          }
        : null;
    }
    case 'epicLink': {
      const epic = site.find(String(stored));
      return epic ? site.keyOf(epic) : null;
    }
    default:
      return stored;
  }
}

function showTime(stored: Stored | undefined): Json {
  const { original, remaining } = isJson(stored) ? stored : {};
  return {
    ...(original === undefined
      ? {}
      : { originalEstimate: `${Number(original) / 60}m`, originalEstimateSeconds: original }),
    ...(remaining === undefined
      ? {}
      : { remainingEstimate: `${Number(remaining) / 60}m`, remainingEstimateSeconds: remaining }),
  };
}

export function showUser(site: SiteView, login: string, viewer: Person): Json {
  const person = PEOPLE.find((one) => one.login === login);
  if (!person) return {};
  const base = `${site.url}/rest/api/${site.isCloud ? 3 : 2}/user`;
  const { accountId, key, name, email, hidden, inactive, accountType } = person;
  if (!site.isCloud) {
    return {
      self: `${base}?username=${login}`,
      name: login,
      key,
      emailAddress: email,
      displayName: name,
      active: !inactive,
      timeZone: site.timeZone,
    };
  }
  return {
    self: `${base}?accountId=${encodeURIComponent(accountId)}`,
    accountId,
    accountType,
    displayName: name,
    active: !inactive,
    timeZone: site.timeZone,
    ...(hidden && viewer.login !== login ? {} : { emailAddress: email }),
  };
}

/** As the changelog notes it: id and text. */
export function logValue(
  site: SiteView,
  field: FieldSpec,
  stored: Stored | undefined,
  issue: Issue,
): { id?: string; text?: string } {
  if (stored === null || stored === undefined || (Array.isArray(stored) && stored.length === 0)) return {};
  const project = PROJECTS.find(({ id }) => id === issue.project);
  const lists = [
    ...flat(field.options ?? []).map(({ id, value }) => ({ id, name: value })),
    ...PRIORITIES,
    ...RESOLUTIONS,
    ...SECURITY_LEVELS,
    ...(project?.components ?? []),
    ...(project?.versions ?? []),
  ];
  const nameOf = (id: unknown) =>
    named(lists, id)?.name ?? PEOPLE.find(({ login }) => login === id)?.name ?? String(id);
  const idOf = (id: unknown) => {
    const person = PEOPLE.find(({ login }) => login === id);
    return person ? (site.isCloud ? person.accountId : person.key) : String(id);
  };
  switch (field.kind) {
    case 'area':
      return { text: typeof stored === 'string' ? stored : textIn(stored) };
    case 'line':
    case 'url':
    case 'number':
      return { text: String(stored) };
    case 'labels':
      return { text: Array.isArray(stored) ? stored.join(' ') : '' };
    case 'datetime':
      return { id: stampOf(site.timeZone, Number(stored)), text: stampOf(site.timeZone, Number(stored)) };
    case 'parent':
    case 'epicLink': {
      const other = site.find(String(stored));
      return { id: String(stored), text: other ? site.keyOf(other) : String(stored) };
    }
    case 'cascade': {
      const { parent, child } = isJson(stored) ? stored : {};
      return {
        text: `Parent values: ${nameOf(parent)}(${String(parent)})${child ? `Level 1 values: ${nameOf(child)}(${String(child)})` : ''}`,
      };
    }
    case 'time':
      return { text: JSON.stringify(stored) };
    default:
      return Array.isArray(stored)
        ? { id: `[${stored.map(idOf).join(', ')}]`, text: stored.map(nameOf).join(', ') }
        : { id: idOf(stored), text: nameOf(stored) };
  }
}
