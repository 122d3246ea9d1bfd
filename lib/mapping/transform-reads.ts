/**
 * Finds the fields that an expression reads in its syntax tree. Only changes of these fields need a message and count
 * as changes of the target's value. If the text does not say (`$`, a computed name), the expression reads everything.
 */

import type { FindField, Reads } from './transform';

type Tree = Record<string, unknown>;

/** The helpers whose first argument is a field of the source. */
const FIELD_HELPERS = new Set(['new', 'old']);

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

class Walk {
  readonly fields = new Set<string>();
  all = false;
  private readonly find: FindField;

  constructor(find: FindField) {
    this.find = find;
  }

  /** @param top names mean fields of the source here, not parts of another value */
  visit(node: unknown, top: boolean): void {
    if (Array.isArray(node)) {
      for (const part of node) this.visit(part, top);
      return;
    }
    if (!isTree(node)) return;
    switch (node.type) {
      case 'name':
        this.name(String(node.value), top);
        break;
      case 'wildcard':
      case 'descendant':
      case 'parent':
        if (top) this.all = true;
        break;
      case 'variable':
        if (node.value === '$' || (node.value === '' && top)) this.all = true;
        break;
      case 'path':
        list(node.steps).forEach((step, index) => {
          this.visit(step, top && index === 0);
        });
        this.visit(node.group, false);
        return;
      case 'function':
        this.call(node);
        break;
      default:
        break;
    }
    for (const [key, part] of Object.entries(node)) {
      if (key === 'value' || key === 'type') continue;
      // brackets after a step refer to that step's values
      this.visit(part, top && key !== 'predicate' && key !== 'stages' && key !== 'group');
    }
  }

  private name(name: string, top: boolean): void {
    if (top) this.fields.add(name);
    else {
      // `$$.field`, `$.field`, a name in a filter: too many fields cost a message but are never wrong
      const field = this.find(name);
      if (field?.id === name) this.fields.add(name);
    }
  }

  private call(node: Tree): void {
    const helper = isTree(node.procedure) ? node.procedure.value : undefined;
    if (typeof helper !== 'string' || !FIELD_HELPERS.has(helper)) return;
    const [field] = list(node.arguments);
    if (isTree(field) && field.type === 'string')
      this.fields.add(this.find(String(field.value))?.id ?? String(field.value));
    else this.all = true;
  }
}

/** @param tree the expression's syntax tree, as returned by `jsonata(…).ast()` */
export function treeReads(tree: unknown, find: FindField): Reads {
  const walk = new Walk(find);
  walk.visit(tree, true);
  return { fields: [...walk.fields], all: walk.all };
}

/** The text of an error thrown by jsonata. It throws objects that are not Errors. */
export function jsonataMessage(thrown: unknown): string {
  const message: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'message') : thrown;
  return String(message ?? 'no reason given').slice(0, 300);
}
