/** What the stand-in answers with: issues, metadata, people, as version 3 (Cloud) or version 2 (Data Center) shows them. */

import type { Faults } from './faults';
import type { Attachment, Comment, Issue, Json, LogEntry } from './issue';
import {
  type FieldSpec,
  KEPT,
  type Option,
  PEOPLE,
  type Person,
  PRIORITIES,
  PROJECTS,
  RESOLUTIONS,
  SECURITY_LEVELS,
  STATUSES,
  TYPES,
} from './seed';
import type { Site } from './site';
import { isJson, showUser, showValue, textIn } from './values';
import { stampOf } from './zone';

const api = (site: Site) => `${site.url}/rest/api/${site.isCloud ? 3 : 2}`;

export function showStatus(site: Site, id: string): Json {
  const status = STATUSES.find((one) => one.id === id);
  const category = status?.category;
  return {
    self: `${api(site)}/status/${id}`,
    name: status?.name,
    id,
    statusCategory: { self: `${api(site)}/statuscategory/${category?.id}`, ...category },
  };
}

export const showType = (site: Site, id: string): Json => {
  const { name, subtask, hierarchyLevel } = TYPES.find((one) => one.id === id) ?? {};
  return {
    self: `${api(site)}/issuetype/${id}`,
    id,
    description: '',
    name,
    subtask,
    ...(site.isCloud ? { hierarchyLevel } : {}),
  };
};

export const showProject = (site: Site, id: string): Json => {
  const { key, name, style, projectTypeKey } = PROJECTS.find((one) => one.id === id) ?? {};
  return {
    self: `${api(site)}/project/${id}`,
    id,
    key,
    name,
    projectTypeKey,
    ...(site.isCloud ? { simplified: style === 'next-gen', style } : {}),
    ...(site.archived.has(id) ? { archived: true } : {}),
  };
};

export const showWholeProject = (site: Site, id: string): Json => ({
  ...showProject(site, id),
  issueTypes: site.types().map((type) => showType(site, type.id)),
});

/** Every field that the issue has in its place; only those asked for. */
export function showIssue(
  site: Site,
  issue: Issue,
  viewer: Person,
  wanted: string[] = ['*all'],
  properties: string[] = [],
  faults: PartFaults = WELL,
): Json {
  const time = isJson(issue.values.timetracking) ? issue.values.timetracking : {};
  const stamp = (ms: number | undefined) => (ms === undefined ? null : stampOf(site.timeZone, ms));
  const all: Json = {
    issuetype: showType(site, issue.type),
    project: showProject(site, issue.project),
    status: showStatus(site, issue.status),
    created: stamp(issue.created),
    updated: stamp(issue.updated),
    resolutiondate: stamp(issue.resolved),
    creator: showUser(site, issue.creator, viewer),
    votes: { self: `${api(site)}/issue/${site.keyOf(issue)}/votes`, votes: 0, hasVoted: false },
    watches: { self: `${api(site)}/issue/${site.keyOf(issue)}/watchers`, watchCount: 1, isWatching: true },
    timeoriginalestimate: time.original ?? null,
    timeestimate: time.remaining ?? null,
    timespent: null,
  };
  for (const field of site.fields()) {
    if (field.kind === 'parent' && !issue.values.parent) {
      // left out where there is none
      if (site.screen('edit', issue.type).includes(field) && site.isCloud) all.parent = null;
    } else all[field.id] = showValue(site, field, issue.values[field.id], issue, viewer);
  }
  const fields = selected({ ...all, ...showMore(site, issue, viewer, faults) }, wanted);
  const shown = properties.filter((key) => key in issue.properties).map((key) => [key, issue.properties[key]]);
  return {
    expand: 'renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations',
    id: issue.id,
    self: `${api(site)}/issue/${issue.id}`,
    key: site.keyOf(issue),
    fields,
    ...(properties.length > 0 ? { properties: Object.fromEntries(shown) } : {}),
  };
}

/** In `*all` only. */
const NOT_NAVIGABLE = new Set(['comment', 'worklog', 'attachment']);

/** `*all`, `*navigable`, names, and names after a minus, which are taken out of what is there without them. */
function selected(all: Json, wanted: string[]): Json {
  const names = wanted.filter((one) => !one.startsWith('-'));
  const without = new Set(wanted.filter((one) => one.startsWith('-')).map((one) => one.slice(1)));
  const every = names.includes('*all');
  const navigable = every || names.includes('*navigable') || names.length === 0;
  const shown = Object.entries(all).filter(
    ([id]) => !without.has(id) && (every || (navigable && !NOT_NAVIGABLE.has(id)) || names.includes(id)),
  );
  return Object.fromEntries(shown);
}

function showMore(
  site: Site,
  issue: Issue,
  viewer: Person,
  { embedded, untold, linkingDisabled, attachmentsEnabled, attachmentsHidden }: PartFaults,
): Json {
  const comments = site.commentsFor(viewer, issue);
  const shown = embedded > 0 ? comments.slice(-embedded) : [];
  return {
    comment: {
      comments: shown.map((one) => showComment(site, issue, one, viewer, { untold })),
      self: `${api(site)}/issue/${issue.id}/comment`,
      maxResults: shown.length,
      total: comments.length,
      startAt: comments.length - shown.length,
    },
    worklog: { startAt: 0, maxResults: 0, total: 0, worklogs: [] },
    ...(attachmentsEnabled && !attachmentsHidden
      ? { attachment: issue.attachments.map((one) => showAttachment(site, one, viewer)) }
      : {}),
    subtasks: [],
    ...(linkingDisabled ? {} : { issuelinks: showLinks(site, issue, viewer) }),
  };
}

type PartFaults = Pick<Faults, 'embedded' | 'untold' | 'linkingDisabled' | 'attachmentsEnabled' | 'attachmentsHidden'>;
const WELL: PartFaults = {
  ...{ embedded: 100, untold: false, linkingDisabled: false },
  ...{ attachmentsEnabled: true, attachmentsHidden: false },
};

/** As issues have it, and the answer to an upload. */
export function showAttachment(site: Site, { id, by, at, name, mediaType, stored }: Attachment, viewer: Person): Json {
  const content = site.isCloud
    ? `${api(site)}/attachment/content/${id}`
    : `${site.url}/secure/attachment/${id}/${encodeURIComponent(name)}`;
  return {
    self: `${api(site)}/attachment/${id}`,
    id,
    filename: name,
    author: showUser(site, by, viewer),
    created: stampOf(site.timeZone, at),
    size: stored.size,
    mimeType: mediaType,
    content,
  };
}

/** As it is shown alone: on Cloud its id is a number there. */
export const showAttachmentAlone = (site: Site, attachment: Attachment, viewer: Person): Json => ({
  ...showAttachment(site, attachment, viewer),
  ...(site.isCloud ? { id: Number(attachment.id) } : {}),
});

/** Said to be internal to the agents of a service project. */
const INTERNAL = 'sd.public.comment';
const isInternal = ({ properties }: Comment): boolean => {
  const value = properties[INTERNAL];
  return isJson(value) && value.internal === true;
};

/** @param properties they were asked for */
export function showComment(
  site: Site,
  issue: Issue,
  comment: Comment,
  viewer: Person,
  { untold = false, properties = false }: { untold?: boolean; properties?: boolean } = {},
): Json {
  const { id, by, updatedBy, at, updated, body, visibility } = comment;
  const list = Object.entries(comment.properties).map(([key, value]) => ({ key, value }));
  const told = untold ? list.filter(({ key }) => key !== INTERNAL) : list;
  return {
    self: `${api(site)}/issue/${issue.id}/comment/${id}`,
    id,
    author: showUser(site, by, viewer),
    updateAuthor: showUser(site, updatedBy, viewer),
    body: site.isCloud || typeof body === 'string' ? body : textIn(body),
    created: stampOf(site.timeZone, at),
    updated: stampOf(site.timeZone, updated),
    ...(visibility && { visibility: { ...visibility, ...(site.isCloud && { identifier: visibility.value }) } }),
    // Data Center does not tell, but in the properties: https://github.com/pycontribs/jira/issues/1011
    ...(site.isCloud && !untold && { jsdPublic: !isInternal(comment) }),
    ...(properties && { properties: told }),
  };
}

export const showLog = (site: Site, { id, at, by, items }: LogEntry, viewer: Person): Json => ({
  id,
  author: showUser(site, by, viewer),
  created: stampOf(site.timeZone, at),
  items,
});

/** The most changes that the bulk fetch sends with an issue. */
const NEWEST = 40;

/** As the bulk fetch has it: the newest first, and no more than 40; `total` counts those. */
export function showNewestLog(site: Site, { id, log }: Issue, viewer: Person): Json {
  site.logsSent.push(id);
  const histories = log
    .slice(-NEWEST)
    .reverse()
    .map((entry) => showLog(site, entry, viewer));
  return { startAt: 0, maxResults: NEWEST, total: histories.length, histories };
}

const showOption = (site: Site, { id, value, children }: Option): Json => ({
  self: `${api(site)}/customFieldOption/${id}`,
  value,
  id,
  ...(children ? { children: children.map((child) => showOption(site, child)) } : {}),
});

function allowed(site: Site, field: FieldSpec, projectId: string): Json[] | undefined {
  const project = PROJECTS.find(({ id }) => id === projectId);
  const named = (path: string, list: { id: string; name: string }[]) =>
    list.map((one) => ({ self: `${api(site)}/${path}/${one.id}`, ...one }));
  switch (field.kind) {
    case 'priority':
      return named('priority', PRIORITIES);
    case 'resolution':
      return named('resolution', RESOLUTIONS);
    case 'components':
      return named('component', project?.components ?? []);
    case 'version':
    case 'versions':
      return named(
        'version',
        (project?.versions ?? []).filter((one) => !one.archived),
      );
    case 'security':
      return named(
        'securitylevel',
        SECURITY_LEVELS.map(({ id, name }) => ({ id, name })),
      );
    default:
      return field.options?.map((one) => showOption(site, one));
  }
}

/** As createmeta, editmeta and the fields of a transition have it. */
export function showMeta(site: Site, field: FieldSpec, projectId: string, required = field.required === true): Json {
  const values = allowed(site, field, projectId);
  const hasDefault = field.id === 'reporter' || field.id === 'priority' || field.preset !== undefined;
  return {
    required,
    schema: field.schema,
    name: field.name,
    key: field.id,
    hasDefaultValue: hasDefault,
    operations: ['set'],
    ...(values ? { allowedValues: values } : {}),
  };
}

/** GET /field: those that Jira keeps, and those of screens. */
export function showFields(site: Site): Json[] {
  const kept = KEPT.map(({ id, name, schema }) => ({
    id,
    key: id,
    name,
    custom: false,
    orderable: false,
    navigable: true,
    searchable: true,
    clauseNames: [id],
    ...(schema ? { schema } : {}),
  }));
  // a parent's schema is told nowhere but on the screens; Data Center does not list it at all
  const listed = site.fields().filter(({ kind }) => site.isCloud || kind !== 'parent');
  const own = listed.map(({ id, name, kind, schema }) => ({
    id,
    key: id,
    name,
    custom: schema.customId !== undefined,
    orderable: true,
    navigable: true,
    searchable: true,
    clauseNames: schema.customId === undefined ? [id] : [`cf[${schema.customId}]`, name],
    ...(kind === 'parent' ? {} : { schema }),
  }));
  return [...kept, ...own];
}

/** Fields that a create must be told of although they are no fields of the create screen's own. */
export function showCreateScreen(site: Site, projectId: string, typeId: string): Json[] {
  const place = ['project', 'issuetype'].map((id) => ({
    required: true,
    schema: { type: id, system: id },
    name: id === 'project' ? 'Project' : 'Issue Type',
    key: id,
    fieldId: id,
    hasDefaultValue: false,
    operations: ['set'],
  }));
  const subtask = TYPES.find(({ id }) => id === typeId)?.subtask === true;
  return [
    ...place,
    ...site.screen('create', typeId).map((field) => ({
      ...showMeta(site, field, projectId, field.required === true || (field.kind === 'parent' && subtask)),
      fieldId: field.id,
    })),
  ];
}

/** People by the beginning of their names or address, as user search matches. */
export function findPeople(query: string): Person[] {
  const wanted = query.toLowerCase();
  return PEOPLE.filter(({ name, email, login }) =>
    [...name.toLowerCase().split(' '), name.toLowerCase(), email, login].some((one) => one.startsWith(wanted)),
  );
}

/** The links of an issue that somebody may see. */
export function showLinks(site: Site, issue: Issue, viewer: Person): Json[] {
  const api = `${site.url}/rest/api/${site.isCloud ? 3 : 2}`;
  return site.issueLinks.flatMap(({ id, type, from, to }) => {
    const [own, other] = from === issue.id ? [from, to] : [to, from];
    const shown = site.find(other);
    const about = site.linkTypes.find((one) => one.id === type);
    if (own !== issue.id || !shown || !about || !site.sees(viewer, shown)) return [];
    const end = {
      id: shown.id,
      key: site.keyOf(shown),
      self: `${api}/issue/${shown.id}`,
      fields: {
        summary: shown.values.summary,
        status: showStatus(site, shown.status),
        issuetype: showType(site, shown.type),
      },
    };
    const kind = { ...about, self: `${api}/issueLinkType/${type}` };
    const self = `${api}/issueLink/${id}`;
    return [{ id, self, type: kind, ...(from === issue.id ? { outwardIssue: end } : { inwardIssue: end }) }];
  });
}
