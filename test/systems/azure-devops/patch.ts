/**
 * Applies a JSON Patch document to a work item, by the rules of the process, as strictly as the service: unknown and
 * read-only fields, lists, transitions, people, paths, lengths and the test of the revision.
 */

import { ApiError, type RuleError, ruleError } from './answer';
import { checkComment, checkLink } from './links';
import { resolvePerson, type StandInPerson } from './people';
import { type FieldDefinition, fieldByName, TYPES, type TypeDefinition } from './process';
import { clone, type Item, type Relation, type Shown, type StandInProject, type State } from './state';

export interface PatchOperation {
  op: string;
  path: string;
  value?: unknown;
}

export interface PatchContext {
  state: State;
  by: StandInPerson;
  /** ms since 1970, one for all of a request */
  now: number;
  bypassRules: boolean;
  /** the service knows Markdown */
  markdown: boolean;
  /** a relation to an upload as it is stored. @throws ApiError */
  attached(given: Relation, item: Item): Relation;
}

const TYPE = 'System.WorkItemType';
const PROJECT = 'System.TeamProject';
const SYSTEM_ONLY = new Set(['System.CreatedBy', 'System.CreatedDate', 'System.ChangedBy', 'System.ChangedDate']);
const invalid = (message: string, typeKey = 'VssPropertyValidationException') => new ApiError(400, typeKey, message);

/** @returns the work item as it would be; the stored one is not touched. undefined fields of a new one get defaults */
export function applied(
  operations: PatchOperation[],
  item: Item,
  project: StandInProject,
  type: TypeDefinition,
  context: PatchContext,
): Item {
  if (operations.length === 0) throw invalid('You must pass a valid patch document in the body of the request.');
  const next = clone(item);
  const isNew = item.revisions.length === 0;
  const written = new Set<string>();
  const formats = new Map<string, string>();
  for (const { op, path, value } of operations) {
    if (op === 'test') testOf(path, value, item);
    else if (path.startsWith('/fields/')) {
      const field = fieldOf(path.slice('/fields/'.length), type);
      if (field.referenceName === TYPE || field.referenceName === PROJECT)
        become(field.referenceName, value, next, isNew, context);
      else if (op === 'remove') {
        if (next.fields[field.referenceName] === undefined)
          throw invalid(`VS403352: Remove Operation for path ${path} failed: there is nothing`);
        checkWritable(field, context);
        delete next.fields[field.referenceName];
      } else if (op === 'add' || op === 'replace') {
        checkWritable(field, context);
        const given = valueFor(field, value, project, next, context, op);
        if (given === undefined) delete next.fields[field.referenceName];
        else next.fields[field.referenceName] = given;
      } else throw invalid(`Operation ${op} is not supported`);
      written.add(field.referenceName);
    } else if (path.startsWith('/multilineFieldsFormat/'))
      formats.set(path.slice('/multilineFieldsFormat/'.length), String(value));
    else if (path.startsWith('/relations/')) relation(op, path.slice('/relations/'.length), value, next, context);
    else throw invalid(`VS403350: The path ${path} is not known`);
  }
  for (const [field, format] of formats) formatted(field, format, next, written, context);
  // what looks like a tag in Markdown is lost
  for (const field of next.markdown) {
    const text = next.fields[field];
    if (typeof text === 'string' && written.has(field)) next.fields[field] = text.replace(/<\/?[^>]*>?/g, '');
  }
  const owner = context.state.project(String(next.fields[PROJECT])) ?? project;
  const kind = typeByName(String(next.fields[TYPE])) ?? type;
  if (owner !== project) checkPaths(next, owner, context);
  if (isNew) defaults(next, owner, kind, context);
  if (!context.bypassRules) checkRules(next, item, kind);
  return next;
}

/** Another type, or another project: https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/update#move-work-item */
function become(field: string, value: unknown, next: Item, isNew: boolean, { state }: PatchContext): void {
  if (isNew) throw ruleError([{ field, name: fieldByName.get(field.toLowerCase())?.name ?? field, flags: 'readOnly' }]);
  if (field === PROJECT) {
    const project = state.project(String(value));
    if (!project)
      throw new ApiError(
        404,
        'ProjectDoesNotExistWithNameException',
        `TF200016: The following project does not exist: ${String(value)}.`,
      );
    next.fields[PROJECT] = project.name;
    return;
  }
  const type = typeByName(String(value));
  const project = state.project(String(next.fields[PROJECT]));
  if (!type || project?.gone.has(type.name.toLowerCase()))
    throw invalid(
      `VS402323: Work item type ${String(value)} does not exist in project.`,
      'WorkItemTypeNotFoundException',
    );
  next.fields[TYPE] = type.name;
  // what the new type does not have goes
  const has = new Set(type.fields.map(({ referenceName }) => referenceName));
  for (const id of Object.keys(next.fields))
    if (fieldByName.has(id.toLowerCase()) && !has.has(id)) delete next.fields[id];
}

/** A work item that moves needs paths of its new project. */
function checkPaths(next: Item, project: StandInProject, { state }: PatchContext): void {
  for (const [field, root] of [
    ['System.AreaPath', project.areas],
    ['System.IterationPath', project.iterations],
  ] as const)
    if (!state.nodeOf(root, String(next.fields[field]))) throw noPath(field);
}

function testOf(path: string, value: unknown, item: Item): void {
  if (path !== '/rev') throw invalid(`Test of ${path} is not supported`);
  const rev = item.revisions.length;
  if (value === rev) return;
  const words = `VS403351: Test Operation for path /rev failed, value ${rev} was not equal to test value ${String(value)}.`;
  throw new ApiError(412, 'TestPatchOperationFailedException', words);
}

function fieldOf(name: string, type: TypeDefinition): FieldDefinition {
  const field = fieldByName.get(name.toLowerCase());
  if (!field) throw invalid(`TF51535: Cannot find field ${name}.`, 'WorkItemTrackingFieldDefinitionNotFoundException');
  if (!type.fields.some(({ referenceName }) => referenceName === field.referenceName)) {
    throw invalid(
      `TF401326: Invalid field status 'InvalidType' for field '${field.referenceName}'.`,
      'WorkItemFieldInvalidException',
    );
  }
  return field;
}

function checkWritable(field: FieldDefinition, { bypassRules }: PatchContext): void {
  if (!field.readOnly && (!SYSTEM_ONLY.has(field.referenceName) || bypassRules)) return;
  throw ruleError([{ field: field.referenceName, name: field.name, flags: 'readOnly' }]);
}

function valueFor(
  field: FieldDefinition,
  value: unknown,
  project: StandInProject,
  next: Item,
  context: PatchContext,
  op: string,
): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  const wrong = () =>
    invalid(
      `The value '${String(value)}' for field '${field.name}' is not of the type ${field.type}.`,
      'WorkItemFieldInvalidException',
    );
  if (field.isIdentity) {
    const found = resolvePerson(value);
    if (found) return found;
    throw invalid(
      `The identity value '${String(value)}' for field '${field.name}' is an unknown identity.`,
      'WorkItemFieldInvalidException',
    );
  }
  if (field.type === 'integer') {
    const number = Number(value);
    if (!Number.isInteger(number)) throw wrong();
    return number;
  }
  if (field.type === 'double') {
    const number = Number(value);
    if (typeof value === 'boolean' || !Number.isFinite(number)) throw wrong();
    return number;
  }
  if (field.type === 'boolean') {
    if (!/^(true|false|0|1)$/.test(String(value))) throw wrong();
    return value === true || value === 'true' || value === 1;
  }
  if (field.type === 'dateTime') {
    const time = Date.parse(String(value));
    if (Number.isNaN(time)) throw wrong();
    return time;
  }
  if (typeof value === 'object') throw wrong();
  const text = String(value);
  if (field.type === 'treePath') return treePath(field, text, project, next, context);
  if (field.referenceName === 'System.Tags')
    return tagsFor(text, op === 'add' ? next.fields['System.Tags'] : undefined);
  if (field.type === 'html') return sanitised(tooLong(field, text, 1_000_000));
  if (field.type === 'string') {
    if (/\p{Cc}/u.test(text.trim()))
      throw ruleError([{ field: field.referenceName, name: field.name, flags: 'invalidCharacters' }]);
    return tooLong(field, text.trim(), 255);
  }
  return tooLong(field, text, 1_000_000);
}

function tooLong(field: FieldDefinition, text: string, most: number): string | undefined {
  if (text.length > most) throw ruleError([{ field: field.referenceName, name: field.name, flags: 'invalidTooLong' }]);
  return text === '' ? undefined : text;
}

/** Scripts never get in. */
export const sanitised = (html: string | undefined): string | undefined =>
  html?.replace(/<script\b[\s\S]*?<\/script>/gi, '') || undefined;

function treePath(
  field: FieldDefinition,
  path: string,
  project: StandInProject,
  next: Item,
  { state }: PatchContext,
): string {
  const root = field.referenceName === 'System.AreaPath' ? project.areas : project.iterations;
  const moved = state.project(String(next.fields[PROJECT])) ?? project;
  const movedRoot = field.referenceName === 'System.AreaPath' ? moved.areas : moved.iterations;
  if (!state.nodeOf(root, path) && !state.nodeOf(movedRoot, path)) throw noPath(field.referenceName);
  return path;
}

const noPath = (field: string) =>
  invalid(
    `TF401347: Invalid tree name given for work item -1, field '${field}'.`,
    'WorkItemFieldInvalidTreeNameException',
  );

/**
 * Control and format characters, and what is no character of the first plane: https://learn.microsoft.com/azure/devops/organizations/settings/naming-restrictions.
 * An emoji of the first plane (U+2728) was refused, too.
 */
const NO_TAG = /[\p{C}\p{Zl}\p{Zp}\p{Emoji_Presentation}\u{10000}-\u{10ffff}]/u;

/** In alphabetical order, each once; `add` adds to those that are there. */
function tagsFor(text: string, before: unknown): string | undefined {
  const all = new Map<string, string>();
  for (const part of `${typeof before === 'string' ? before : ''};${text}`.split(/[;,]/)) {
    const tag = part.trim();
    // real answer: https://github.com/danhellem/github-actions-issue-to-work-item/issues/106
    if (NO_TAG.test(tag))
      throw invalid('TF401407: The tag name is invalid. It contains invalid characters.', 'InvalidTagNameException');
    if (tag.length > 400)
      throw invalid('TF401407: The tag name is invalid. It is too long.', 'InvalidTagNameException');
    if (tag && !all.has(tag.toLowerCase())) all.set(tag.toLowerCase(), tag);
  }
  if (all.size > 100)
    throw invalid(
      'TF401243: Failed to save work item because too many new tags were added to the work item.',
      'WorkItemTagLimitExceededException',
    );
  return [...all.values()].sort((a, b) => a.localeCompare(b)).join('; ') || undefined;
}

function formatted(field: string, format: string, next: Item, written: Set<string>, { markdown }: PatchContext): void {
  const definition = fieldByName.get(field.toLowerCase());
  if (!markdown || definition?.type !== 'html')
    throw invalid(`VS403350: The path /multilineFieldsFormat/${field} is not known`);
  if (!['markdown', 'html'].includes(format.toLowerCase()))
    throw invalid(`'${format}' is no format of field '${field}'`);
  const wanted = format.toLowerCase() === 'markdown';
  if (wanted === next.markdown.has(field)) return;
  if (!written.has(field)) throw invalid(`VS403319: The type changed without a value for field ${field}.`);
  if (!wanted) throw invalid(`VS403320: Markdown cannot be turned into HTML, field '${field}'.`);
  next.markdown.add(field);
}

function relation(op: string, at: string, value: unknown, next: Item, { state, attached }: PatchContext): void {
  // its relations are in the order of a single read
  if (op === 'remove') {
    if (!/^\d+$/.test(at) || !next.relations[Number(at)]) throw invalid(`Index out of range for path /relations/${at}`);
    next.relations.splice(Number(at), 1);
    return;
  }
  // https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/update#update-a-link
  const [, place, property] = /^(\d+)\/attributes\/(\w+)$/.exec(at) ?? [];
  const known = place === undefined ? undefined : next.relations[Number(place)];
  if (known && property === 'comment' && (op === 'add' || op === 'replace')) {
    if (op === 'replace' && known.attributes.comment === undefined)
      throw invalid(`Replace Operation for path /relations/${at} failed: there is nothing`);
    checkComment(value);
    known.attributes.comment = String(value);
    return;
  }
  const { rel, url, attributes } = (value ?? {}) as Partial<Relation>;
  if (op !== 'add' || at !== '-' || !rel || !url) throw invalid(`Operation ${op} on /relations/${at} is not supported`);
  checkLink({ rel, url }, next, state);
  const given: Relation = { rel, url, attributes: { ...attributes } };
  next.relations.push(rel === 'AttachedFile' ? attached(given, next) : given);
}

function defaults(next: Item, project: StandInProject, type: TypeDefinition, { now, by }: PatchContext): void {
  const { fields } = next;
  fields['System.AreaPath'] ??= project.areas.name;
  fields['System.IterationPath'] ??= project.iterations.name;
  fields['System.State'] ??= type.transitions['']?.[0];
  fields['System.CreatedDate'] ??= now;
  fields['System.CreatedBy'] ??= by;
  for (const { referenceName, defaultValue } of type.fields) {
    if (defaultValue === undefined || fields[referenceName] !== undefined) continue;
    const kind = fieldByName.get(referenceName.toLowerCase())?.type;
    fields[referenceName] =
      kind === 'integer' ? Number(defaultValue) : kind === 'boolean' ? defaultValue === '1' : defaultValue;
  }
}

function checkRules(next: Item, item: Item, type: TypeDefinition): void {
  const errors: RuleError[] = [];
  const before = item.fields;
  const broken = (field: string, flags: string) =>
    errors.push({ field, name: fieldByName.get(field.toLowerCase())?.name ?? field, flags });
  for (const { referenceName, alwaysRequired, allowedValues } of type.fields) {
    const definition = fieldByName.get(referenceName.toLowerCase());
    const value = next.fields[referenceName];
    if (alwaysRequired && value === undefined && !definition?.readOnly) broken(referenceName, 'required, invalidEmpty');
    const closed = allowedValues && !definition?.isPicklistSuggested;
    if (closed && value !== undefined && value !== before[referenceName] && !allowedValues.includes(String(value))) {
      broken(referenceName, 'hasValues, limitedToValues, invalidListValue');
    }
  }
  const [was, is] = [before['System.State'], next.fields['System.State']];
  if (was !== is && is !== undefined) {
    const allowed = type.transitions[String(was ?? '')] ?? [];
    if (!allowed.includes(String(is)))
      broken('System.State', 'required, hasValues, limitedToValues, allowsOldValue, invalidListValue');
  }
  if (errors.length > 0) throw ruleError(errors);
}

export function typeByName(name: string): TypeDefinition | undefined {
  return TYPES.find((type) => type.name.toLowerCase() === name.toLowerCase());
}

/** Whether anything that people see differs. */
export function differs(a: Item, b: Item): boolean {
  const text = (item: Item) => JSON.stringify([sorted(item.fields), item.relations, [...item.markdown].sort()]);
  return text(a) !== text(b);
}

const sorted = (fields: Shown) => Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
