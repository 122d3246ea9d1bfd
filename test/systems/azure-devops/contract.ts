/**
 * Compares every request and answer with the vendor's API description (Swagger 2.0), which lies beside the project as data
 * (../shared/contracts, or TWINFLOW_CONTRACTS). Where it is wrong about types ("object" for any value, texts for
 * revisions), it is read as it is meant.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';

type Json = Record<string, unknown>;

const folder = process.env.TWINFLOW_CONTRACTS ?? join(__dirname, '..', '..', '..', '..', 'shared', 'contracts');
const description = join(folder, 'azure-devops-wit-7.1.json');
const repair = join(folder, 'repair-azure-devops.mjs');

/** Why nothing can be compared, or undefined. */
export const contractMissing: string | undefined =
  existsSync(description) && existsSync(repair) ? undefined : "the vendor's API description is not beside the project";

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  type?: string;
  enum?: string[];
  schema?: Json;
}

interface Operation {
  parameters: Parameter[];
  consumes: string[];
  request?: ValidateFunction;
  answer?: ValidateFunction;
}

export interface Exchange {
  method: string;
  /** without the organisation, decoded */
  path: string;
  query: URLSearchParams;
  contentType: string | undefined;
  body: unknown;
  status: number;
  answer: unknown;
}

/** Of other services than work item tracking, which has the description; the envelope of a batch; files. */
const ELSEWHERE = [
  /^\/_apis\/projects(\/[^/]+(\/teams(\/[^/]+\/members)?)?)?$/,
  /^\/_apis\/resourceareas$/i,
  /^\/_apis\/permissions\//,
  /^\/_apis\/connectionData$/,
  /^\/_apis\/identities$/,
  /^\/_apis\/wit\/\$batch$/,
  // a file is no JSON
  /^\/_apis\/wit\/attachments(\/[^/]+)?$/,
];

interface Route {
  pattern: RegExp;
  literals: number;
  methods: Map<string, Operation>;
}

let compiled: Route[] | undefined;

export class Contract {
  readonly violations: string[] = [];
  private readonly routes: Route[];

  constructor() {
    compiled ??= routesOf(load());
    this.routes = compiled;
  }

  check(exchange: Exchange): void {
    const { method, path, status } = exchange;
    if (ELSEWHERE.some((pattern) => pattern.test(path))) return;
    const about = `${method} ${path}`;
    const routes = this.routes.filter(({ pattern }) => pattern.test(path));
    const operation = routes.map(({ methods }) => methods.get(method)).find((one) => one !== undefined);
    if (!operation) {
      // a request that the service refuses as unknown is part of a test of that
      if (status !== 404 && status !== 405) this.violations.push(`${about}: not described`);
      return;
    }
    if (status >= 200 && status < 300) {
      this.parameters(about, operation, exchange);
      if (operation.request && !operation.request(exchange.body)) this.note(about, 'request', operation.request);
      if (operation.answer && !operation.answer(withoutHoles(exchange.answer)))
        this.note(about, 'answer', operation.answer);
    }
  }

  private parameters(about: string, operation: Operation, { query, contentType }: Exchange): void {
    // told apart by their query (x-ms-paths), which the repaired description lacks
    if (/^GET .*\/(recyclebin|comments)$/i.test(about)) return;
    const known = new Map(operation.parameters.filter((one) => one.in === 'query').map((one) => [one.name, one]));
    for (const [name, value] of query) {
      const parameter = known.get(name);
      if (!parameter) this.violations.push(`${about}: unknown parameter ${name}`);
      else if (!suits(parameter, value)) this.violations.push(`${about}: ${name}=${value}`);
    }
    for (const { name, required } of known.values())
      if (required && !query.has(name)) this.violations.push(`${about}: ${name} is missing`);
    const type = contentType?.split(';')[0] ?? '';
    if (operation.request && operation.consumes.length > 0 && !operation.consumes.includes(type)) {
      this.violations.push(`${about}: content type ${type}`);
    }
  }

  private note(about: string, part: string, { errors }: ValidateFunction): void {
    for (const error of errors ?? []) this.violations.push(`${about}: ${part}${error.instancePath} ${error.message}`);
  }
}

/** The service answers null for work items that are omitted, which the description does not know. */
function withoutHoles(answer: unknown): unknown {
  if (!isJson(answer) || !Array.isArray(answer.value)) return answer;
  return { ...answer, value: answer.value.filter((one) => one !== null) };
}

function suits({ type, enum: values }: Parameter, value: string): boolean {
  // by name, or by number
  if (values) return /^\d$/.test(value) || values.some((one) => one.toLowerCase() === value.toLowerCase());
  if (type === 'boolean') return value === 'true' || value === 'false';
  return type !== 'integer' || /^-?\d+$/.test(value);
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{"type": "object"}` without properties stands for any value; enumerations are written in any case. */
function meant(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(meant);
  if (!isJson(schema)) return schema;
  const { description: _description, 'x-ms-enum': _enum, ...rest } = schema;
  const keys = Object.keys(rest);
  if (rest.type === 'object' && keys.length === 1) return {};
  return Object.fromEntries(
    keys.map((key) => [key, key === 'enum' || key === 'required' ? rest[key] : meant(rest[key])]),
  );
}

function load(): Json {
  const temporary = mkdtempSync(join(tmpdir(), 'azure-devops-contract-'));
  try {
    const out = join(temporary, 'description.json');
    execFileSync(process.execPath, [repair, description, out], { stdio: 'ignore' });
    return JSON.parse(readFileSync(out, 'utf8')) as Json;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function routesOf(spec: Json): Route[] {
  const routes: Route[] = [];
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  ajv.addFormat('Stream', true);
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  ajv.addFormat('date-time', (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text));
  ajv.addFormat('int32', { type: 'number', validate: (n: number) => Number.isInteger(n) && Math.abs(n) <= 2 ** 31 });
  const definitions = meant(spec.definitions) as Record<string, Json>;
  const values = (batch: string, name: string) => {
    const properties = { values: { type: 'array', items: { $ref: `#/definitions/${name}` } } };
    definitions[batch] = { ...definitions[batch], properties };
  };
  // the description has a list of texts
  const streamed = definitions.StreamedBatch?.properties;
  if (isJson(streamed)) streamed.values = { type: 'array' };
  values('ReportingWorkItemRevisionsBatch', 'WorkItem');
  values('ReportingWorkItemLinksBatch', 'Link');
  const compile = (schema: unknown, closed: boolean): ValidateFunction => {
    const name = isJson(schema) && typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
    const flat = closed && name ? { ...definitions[name], additionalProperties: false } : schema;
    return ajv.compile({ ...(flat as Json), definitions });
  };
  const shared = (isJson(spec.parameters) ? spec.parameters : {}) as Record<string, Parameter>;
  // told apart by their query: what one of them takes beside is taken by the path
  const apart = Object.entries((isJson(spec['x-ms-paths']) ? spec['x-ms-paths'] : {}) as Record<string, Json>);
  const extra = (path: string, method: string): Parameter[] =>
    apart.flatMap(([other, item]) => {
      const operation = other.split('?')[0] === path ? item[method] : undefined;
      const parameters = isJson(operation) ? operation.parameters : undefined;
      const list = (Array.isArray(parameters) ? parameters : []) as Parameter[];
      return list.filter((one) => one.in === 'query').map((one) => ({ ...one, required: false }));
    });
  for (const [path, item] of Object.entries(spec.paths as Record<string, Record<string, Json>>)) {
    // the description has project and team of a query as required; the documentation says neither is:
    // https://learn.microsoft.com/rest/api/azure/devops/wit/wiql/query-by-wiql
    const names = path.replace('/{organization}', '').replace(/^\/\{project\}(?=\/_apis\/wit\/wiql$)/, '');
    const pattern = new RegExp(
      `^${names
        .replace(/[.$]/g, '\\$&')
        .replace('/{path}', '(?:/.+)?')
        .replace(/\{\w+\}/g, '[^/]+')}$`,
      'i',
    );
    const methods = new Map<string, Operation>();
    for (const [method, operation] of Object.entries(item)) {
      const own = (operation.parameters as (Parameter & { $ref?: string })[]).map(
        (one) => (one.$ref ? shared[one.$ref.split('/').at(-1) ?? ''] : one) ?? one,
      );
      const parameters = [...extra(path, method), ...own];
      const body = parameters.find((one) => one.in === 'body');
      const responses = operation.responses as Record<string, { schema?: Json }>;
      const schema = responses['200']?.schema;
      methods.set(method.toUpperCase(), {
        parameters,
        consumes: (operation.consumes as string[] | undefined) ?? [],
        request: body?.schema && compile(meant(body.schema), !/PatchDocument/.test(JSON.stringify(body.schema))),
        answer: schema && compile(meant(schema), false),
      });
    }
    routes.push({ pattern, literals: names.replace(/\{\w+\}/g, '').length, methods });
  }
  return routes.sort((a, b) => b.literals - a.literals);
}
