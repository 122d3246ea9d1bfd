/** Short ways to do in a check what the engine does with the parts of an entity. */

import assert from 'node:assert/strict';
import {
  broughtParts,
  type FindQuery,
  type PartsResult,
  type ShownParts,
  type WriteOperation,
  type WriteResult,
} from '../../../lib/connectors/connector';
import type { Entity, EntityId, Field } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields, Value } from '../../../lib/model/values';
import { foundIn } from '../../support/delivered';
import type { PartsUnderTest } from './harness';
import { newTitle, type Probe, written } from './probe';

export class PartProbe {
  private fieldList: Field[] | undefined;

  constructor(private readonly probe: Probe) {}

  get system(): PartsUnderTest {
    const { parts } = this.probe.system;
    assert.ok(parts, 'the harness says what the parts are');
    return parts;
  }

  async fields(): Promise<Field[]> {
    this.fieldList ??= await this.probe.connection.fields(this.probe.system.project, this.system.type);
    return this.fieldList;
  }

  /** The field that holds what people write. */
  async textField(): Promise<Field> {
    const field = (await this.fields()).find(({ id }) => id === this.system.text);
    assert.ok(field, `fields() does not list "${this.system.text}"`);
    return field;
  }

  async value(text: string): Promise<Value> {
    const { type, format = 'text' } = await this.textField();
    return type === 'richtext' ? { format, content: text } : text;
  }

  textOf(part: Entity): unknown {
    const value = part.fields[this.system.text];
    return typeof value === 'object' && value !== null && 'content' in value ? value.content : value;
  }

  /** What the system makes of a text. */
  kept(text: string): string {
    return this.probe.normalised(text, this.system.text);
  }

  /** An item without parts. */
  async owner(): Promise<Entity> {
    return this.probe.create({ [this.probe.system.title]: newTitle('Owner') });
  }

  async creation(owner: EntityId, text: string | null, marker?: string): Promise<WriteOperation> {
    const { type, text: field, required } = this.system;
    const fields: Fields = { ...required, [field]: text === null ? null : await this.value(text) };
    const { project } = this.probe.system;
    return { kind: 'create', project, type, owner, fields, ...(marker !== undefined && { marker }) };
  }

  async tryAll(owner: EntityId, texts: readonly (string | null)[]): Promise<WriteResult[]> {
    const operations = await Promise.all(texts.map((text) => this.creation(owner, text)));
    return this.probe.write(operations);
  }

  async createAll(owner: EntityId, texts: readonly string[]): Promise<Entity[]> {
    return (await this.tryAll(owner, texts)).map(written);
  }

  async create(owner: EntityId, text: string, marker?: string): Promise<Entity> {
    const [result] = await this.probe.write([await this.creation(owner, text, marker)]);
    return written(result);
  }

  async edit(id: EntityId, text: string): Promise<Entity> {
    return this.probe.update(id, { [this.system.text]: await this.value(text) });
  }

  async remove(...ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    const { connection } = this.probe;
    assert.ok(connection.remove, 'the connection cannot remove');
    const results = await connection.remove(this.probe.system.scope, ids);
    assert.equal(results.length, ids.length, 'one result per part');
    return results;
  }

  async of(...owners: EntityId[]): Promise<Exclude<PartsResult, ShownParts>[]> {
    const { connection } = this.probe;
    assert.ok(connection.parts, 'the connection has no parts');
    const results = await connection.parts(this.probe.system.scope, owners, [this.system.type]);
    assert.equal(results.length, owners.length, 'one result per owner');
    return results.map(broughtParts);
  }

  /** The parts of an owner that is there. */
  async allOf(owner: EntityId): Promise<Entity[]> {
    const [result] = await this.of(owner);
    if (result instanceof SyncError) assert.fail(`parts() failed: ${result.message}`);
    assert.ok(result, `parts() does not find ${owner}`);
    return result;
  }

  async textsOf(owner: EntityId): Promise<unknown[]> {
    return (await this.allOf(owner)).map((part) => this.textOf(part));
  }

  async find(query: Omit<FindQuery, 'project' | 'type'>): Promise<Entity[]> {
    const { connection, system } = this.probe;
    assert.ok(connection.find, 'the connection cannot find');
    return foundIn(await connection.find({ project: system.project, type: this.system.type, ...query }, 20));
  }

  async versionOf(owner: EntityId): Promise<string> {
    return (await this.probe.read(owner)).version;
  }
}

export const idsOf = (parts: readonly Entity[]): EntityId[] => parts.map(({ id }) => id);
