/**
 * The vendor's description of Jira Cloud's REST API (OpenAPI 3.0), and what breaks it. Found beside the project, or where
 * TWINFLOW_CONTRACTS says; repaired by the script that lies with it.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import { projectRoot } from '../../support/node-red';
import type { Json } from './issue';
import { isJson } from './values';

const folder = process.env.TWINFLOW_CONTRACTS ?? join(projectRoot, '..', 'shared', 'contracts');
const ID = 'jira';
/** Answers that any address may give: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/ */
const ANYWHERE = new Set([429, 500, 503]);

export interface Exchange {
  method: string;
  /** as in the description: /rest/api/3/issue/{issueIdOrKey} */
  template: string;
  query: URLSearchParams;
  request: unknown;
  status: number;
  response: unknown;
  /** the request is a form, or the answer a file: no JSON to compare */
  isForm?: boolean;
}

/** Why there is nothing to validate against; undefined where there is. */
export const contractMissing: string | undefined = existsSync(join(folder, 'jira-cloud-v3.json'))
  ? undefined
  : `Jira's API description is not in ${folder}`;

let shared: Contract | undefined;

/** The description, read once. */
export function contract(): Contract {
  shared ??= new Contract(readDescription());
  return shared;
}

function readDescription(): Json {
  const to = mkdtempSync(join(tmpdir(), 'twinflow-contract-'));
  try {
    const repaired = join(to, 'jira.json');
    execFileSync(process.execPath, [join(folder, 'repair-jira.mjs'), join(folder, 'jira-cloud-v3.json'), repaired]);
    const description: unknown = JSON.parse(readFileSync(repaired, 'utf8'));
    if (!isJson(description)) throw new Error('not an API description');
    return description;
  } finally {
    rmSync(to, { recursive: true, force: true });
  }
}

const at = (json: unknown, ...path: string[]): unknown =>
  path.reduce((one, key) => (isJson(one) ? one[key] : undefined), json);

export class Contract {
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(private readonly description: Json) {
    this.ajv.addSchema({ ...description, $id: ID });
  }

  /** What breaks the description, in words. */
  violations(exchange: Exchange): string[] {
    const { method, template, status } = exchange;
    const path = ['paths', template, method.toLowerCase()];
    const operation = at(this.description, ...path);
    const where = `${method} ${template}`;
    if (!isJson(operation)) return [`${where}: the description has no such operation`];
    const problems = [
      ...this.queryProblems(operation, exchange.query),
      ...(exchange.isForm ? [] : this.bodyProblems(path, operation, exchange.request)),
    ];
    if (!ANYWHERE.has(status)) problems.push(...this.responseProblems(path, operation, status, exchange.response));
    return problems.map((problem) => `${where} (${status}): ${problem}`);
  }

  private queryProblems(operation: Json, query: URLSearchParams): string[] {
    const parameters = (Array.isArray(operation.parameters) ? operation.parameters : [])
      .filter((one) => isJson(one) && one.in === 'query')
      .filter(isJson);
    const problems: string[] = [];
    for (const [name, value] of query) {
      const parameter = parameters.find((one) => one.name === name);
      if (!parameter) {
        problems.push(`there is no query parameter "${name}"`);
        continue;
      }
      const type = at(parameter, 'schema', 'type');
      const most = at(parameter, 'schema', 'maximum');
      if (type === 'integer' && !/^-?\d+$/.test(value)) problems.push(`"${name}" is no integer: ${value}`);
      if (type === 'boolean' && !/^(true|false)$/.test(value)) problems.push(`"${name}" is no boolean: ${value}`);
      if (typeof most === 'number' && Number(value) > most) problems.push(`"${name}" is over ${most}: ${value}`);
    }
    for (const { name, required } of parameters) {
      if (required === true && typeof name === 'string' && !query.has(name))
        problems.push(`the query parameter "${name}" is missing`);
    }
    return problems;
  }

  private bodyProblems(path: string[], operation: Json, body: unknown): string[] {
    const expected = at(operation, 'requestBody');
    if (expected === undefined) return body === undefined ? [] : ['no request body is expected'];
    if (body === undefined) return at(expected, 'required') === true ? ['the request body is missing'] : [];
    return this.check([...path, 'requestBody', 'content', 'application/json', 'schema'], body, 'request');
  }

  private responseProblems(path: string[], operation: Json, status: number, body: unknown): string[] {
    const response = at(operation, 'responses', String(status));
    if (response === undefined) return [`the status ${status} is not described`];
    const content = at(response, 'content', 'application/json', 'schema');
    if (content === undefined) return status < 300 && body !== undefined ? ['no answer with a body is described'] : [];
    // a schema that says nothing stands for an answer that has nothing
    const isOpen = isJson(content) && Object.keys(content).length === 0;
    if (body === undefined) return status === 204 || isOpen ? [] : ['the answer has no body'];
    return this.check([...path, 'responses', String(status), 'content', 'application/json', 'schema'], body, 'answer');
  }

  private check(path: string[], value: unknown, what: string): string[] {
    const pointer = path.map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/');
    let validate = this.compiled.get(pointer);
    if (!validate) {
      validate = this.ajv.compile({ $ref: `${ID}#/${pointer}` });
      this.compiled.set(pointer, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${what}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}
