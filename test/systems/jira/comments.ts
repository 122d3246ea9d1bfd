/**
 * Comments as the stand-in takes and shows them: pages of 100 on Cloud, all at once on Data Center, a thousand by their ids on
 * Cloud only, properties with the create, roles and groups that see them, permissions, and the limits of one issue.
 */

import type { Answer } from './answer';
import type { Comment, Issue, Json, Visibility } from './issue';
import { type Call, failure, type Routes } from './routes';
import { GROUPS, ROLES } from './seed';
import { Invalid } from './site';
import { DatabaseError, isDocument, isJson, textIn } from './values';
import { showComment } from './views';

const LONGEST = 32_767;
const INTERNAL = 'sd.public.comment';
const asJson = (value: unknown): Json => (isJson(value) ? value : {});
const NO_COMMENT = (id: string) => failure(404, [`Can not find a comment for the id: ${id}.`]);

interface Found {
  issue: Issue;
  comment: Comment;
}

export function declareComments(routes: Routes): void {
  const { site, faults } = routes;
  const show = ({ issue, comment }: Found, { viewer, query }: Call, isWritten = false): Json =>
    showComment(site, issue, comment, viewer, {
      untold: faults.untold,
      properties: !isWritten && (query.get('expand') ?? '').split(',').includes('properties'),
    });
  const may = ({ viewer }: Call, ...keys: string[]): boolean => {
    const withheld = routes.options.withheld[viewer.login] ?? [];
    return keys.some((key) => !withheld.includes(key));
  };
  const paced = (issue: Issue, work: () => Answer): Answer => routes.paced(issue) ?? work();
  const withComment = (call: Call, [issueId = '', id = '']: string[], work: (found: Found) => Answer): Answer =>
    routes.withIssue(call, issueId, (issue) => {
      const comment = site.commentsFor(call.viewer, issue).find((one) => one.id === id);
      return comment ? work({ issue, comment }) : NO_COMMENT(id);
    });
  const byId = (call: Call, id: string, work: (found: Found) => Answer): Answer => {
    const found = site.findComment(id);
    return found ? withComment(call, [found.issue.id, id], work) : NO_COMMENT(id);
  };
  const changes = (call: Call, comment?: Comment): Partial<Comment> => {
    const request = asJson(call.body);
    const properties = { ...comment?.properties, ...propertiesIn(request) };
    if (faults.alwaysPublic) delete properties[INTERNAL];
    const visibility = visibilityIn(request, call);
    const stays = comment && !('visibility' in request) && !faults.editsReveal ? comment.visibility : visibility;
    return { body: bodyIn(request, site.isCloud), properties, visibility: stays };
  };
  const isOwn = ({ comment }: Found, { viewer }: Call): boolean => comment.by === viewer.login;

  routes.on('GET', '/issue/{issueIdOrKey}/comment', (call, [id = '']) =>
    routes.withIssue(call, id, (issue) => {
      const order = call.query.get('orderBy') ?? 'created';
      if (!/^[+-]?created$/.test(order)) return failure(400, ['Comments can be ordered by "created" only.']);
      const comments = site.commentsFor(call.viewer, issue);
      if (order.startsWith('-')) comments.reverse();
      const most = site.isCloud ? 100 : 1_048_576;
      return routes.page(
        call,
        comments.map((comment) => show({ issue, comment }, call)),
        'comments',
        most,
      );
    }),
  );
  routes.on('POST', '/issue/{issueIdOrKey}/comment', (call, [id = '']) =>
    routes.withIssue(call, id, (issue) =>
      paced(issue, () => {
        if (!may(call, 'ADD_COMMENTS'))
          return failure(400, ['You do not have the permission to comment on this issue.']);
        if (issue.comments.length >= faults.mostComments)
          return failure(413, ['The number of comments on this issue has exceeded the limit.']);
        const { body, ...more } = changes(call);
        const comment = site.comment(call.viewer, issue, body, more);
        return { status: 201, body: show({ issue, comment }, call, !site.isCloud) };
      }),
    ),
  );
  routes.on('GET', '/issue/{issueIdOrKey}/comment/{id}', (call, parts) =>
    withComment(call, parts, (found) => ({ status: 200, body: show(found, call) })),
  );
  routes.on('PUT', '/issue/{issueIdOrKey}/comment/{id}', (call, parts) =>
    withComment(call, parts, (found) =>
      paced(found.issue, () => {
        if (!may(call, 'EDIT_ALL_COMMENTS', ...(isOwn(found, call) ? ['EDIT_OWN_COMMENTS'] : [])))
          return failure(400, ['You do not have the permission to edit this comment.']);
        const changed = changes(call, found.comment);
        site.editComment(call.viewer, found.issue, found.comment, changed, faults.commentsMove);
        if (site.isCloud && call.query.get('notifyUsers') !== 'false') site.mails.push(found.issue.id);
        return { status: 200, body: show(found, call, !site.isCloud) };
      }),
    ),
  );
  routes.on('DELETE', '/issue/{issueIdOrKey}/comment/{id}', (call, parts) =>
    withComment(call, parts, (found) =>
      paced(found.issue, () => {
        if (!may(call, 'DELETE_ALL_COMMENTS', ...(isOwn(found, call) ? ['DELETE_OWN_COMMENTS'] : [])))
          return failure(400, [`You do not have permission to delete comment with id: ${found.comment.id}`]);
        site.removeComment(call.viewer, found.issue, found.comment, faults.commentsMove);
        return { status: 204 };
      }),
    ),
  );
  routes.on('GET', '/comment/{commentId}/properties/{propertyKey}', (call, [id = '', key = '']) =>
    byId(call, id, ({ comment }) =>
      key in comment.properties
        ? { status: 200, body: { key, value: comment.properties[key] } }
        : failure(404, [`The property ${key} does not exist.`]),
    ),
  );
  routes.on('PUT', '/comment/{commentId}/properties/{propertyKey}', (call, [id = '', key = '']) =>
    byId(call, id, (found) => {
      if (!may(call, 'EDIT_ALL_COMMENTS', ...(isOwn(found, call) ? ['EDIT_OWN_COMMENTS'] : [])))
        return failure(403, ['You do not have the permission to edit this comment.']);
      const { properties } = found.comment;
      const isNew = !(key in properties);
      if (key !== INTERNAL || !faults.alwaysPublic) properties[key] = call.body;
      return { status: isNew ? 201 : 200, body: {} };
    }),
  );
  if (site.isCloud)
    routes.on('POST', '/comment/list', (call) => {
      const { ids } = asJson(call.body);
      const wanted = new Set(Array.isArray(ids) ? ids.map(String) : []);
      if (wanted.size === 0 || wanted.size > 1_000)
        return failure(400, ['Between 1 and 1000 comment ids are expected.']);
      const values = [...wanted].flatMap((id) => {
        const found = site.findComment(id);
        const isSeen =
          found &&
          site.sees(call.viewer, found.issue) &&
          site.commentsFor(call.viewer, found.issue).includes(found.comment) &&
          !faults.leftOut.has(found.issue.id);
        return isSeen ? [show(found, call)] : [];
      });
      return routes.page({ ...call, query: new URLSearchParams() }, values, 'values', faults.listed);
    });
}

/** @throws Invalid, DatabaseError */
function bodyIn({ body }: Json, isCloud: boolean): Comment['body'] {
  const refuse = (comment: string): never => {
    throw new Invalid([], { comment });
  };
  if (isCloud && !isDocument(body)) return refuse('Comment body is not valid!');
  if (!isCloud && typeof body !== 'string') return refuse('Comment body can not be empty!');
  const text = typeof body === 'string' ? body : textIn(body);
  if (text.includes('\0')) throw new DatabaseError('invalid byte sequence for encoding "UTF8": 0x00');
  if (isCloud ? isJson(body) && Array.isArray(body.content) && body.content.length === 0 : text.trim() === '')
    refuse('Comment body can not be empty!');
  if (text.length > LONGEST)
    refuse(`The entered text is too long. It exceeds the allowed limit of ${LONGEST.toLocaleString('en')} characters.`);
  return typeof body === 'string' ? body : asJson(body);
}

function propertiesIn({ properties }: Json): Record<string, unknown> {
  const list = Array.isArray(properties) ? properties : [];
  return Object.fromEntries(
    list.map((one) => {
      if (!isJson(one) || typeof one.key !== 'string' || one.value === undefined)
        throw new Invalid(['The property is not valid.']);
      return [one.key, one.value];
    }),
  );
}

/** @throws Invalid. The words are those of a real site: https://github.com/unskript/Awesome-CloudOps-Automation/pull/377 */
function visibilityIn({ visibility }: Json, { viewer }: Call): Visibility | undefined {
  if (visibility === undefined || visibility === null) return undefined;
  const { type, value } = asJson(visibility);
  if ((type !== 'role' && type !== 'group') || typeof value !== 'string')
    throw new Invalid(['The visibility is not valid.']);
  const members = (type === 'role' ? ROLES : GROUPS)[value];
  if (!members)
    throw new Invalid([], { commentLevel: `${type === 'role' ? 'Role' : 'Group'} '${value}' does not exist.` });
  if (!members.includes(viewer.login))
    throw new Invalid([], { commentLevel: `You are currently not a member of the project ${type}: ${value}.` });
  return { type, value };
}
