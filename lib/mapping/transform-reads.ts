/**
 * What an expression reads, found in its syntax tree: only changes of these fields are worth a message, and make the
 * target's value a changed one. Where the text does not tell (`$`, a computed name), it reads everything.
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

  /** @param top names mean fields of the source here, not parts of some other value */
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
      // what stands in brackets behind a step is about that step's values
      this.visit(part, top && key !== 'predicate' && key !== 'stages' && key !== 'group');
    }
  }

  private name(name: string, top: boolean): void {
    if (top) this.fields.add(name);
    else {
      // `$$.field`, `$.field`, a name within a filter: over-inclusive, which costs a message and is never wrong
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

/** @param tree the expression's syntax tree, as `jsonata(…).ast()` gives it */
export function treeReads(tree: unknown, find: FindField): Reads {
  const walk = new Walk(find);
  walk.visit(tree, true);
  return { fields: [...walk.fields], all: walk.all };
}

/** What a thing that jsonata throws says to people; it throws objects that are no Errors. */
export function jsonataMessage(thrown: unknown): string {
  const message: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'message') : thrown;
  return String(message ?? 'no reason given').slice(0, 300);
}
