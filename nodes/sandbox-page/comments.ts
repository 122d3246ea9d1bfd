/**
 * The comments of the open item: reads, writes, edits and deletes them as the selected user. Text that is being typed
 * stays when comments change meanwhile. In the browser.
 */

import type { Entity } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import type { Tree } from '../../lib/richtext/tree';
import { CommentForm } from './comment-form';
import { element, page } from './document';
import { hashOf, type Place } from './place';
import { type Around, richNodes } from './rich';
import { ask, type EntityComments } from './server';
import { shown, shownTime } from './text';

/** One comment: as a text, or in a form while it is edited. */
class Comment {
  readonly root = element('li', { tabIndex: -1 });
  private readonly head = element('p', { className: 'quiet' });
  private readonly text = element('div', { className: 'text' });
  private readonly edit = element('button', { type: 'button', textContent: 'Edit' });
  private readonly remove = element('button', { type: 'button', textContent: 'Delete' });
  private readonly state = element('span', { className: 'quiet' });
  private readonly buttons = element('div', { className: 'buttons' }, this.edit, this.remove, this.state);
  private form: CommentForm | undefined;
  private version = '';

  constructor(
    private entity: Entity,
    private readonly place: Place,
    private readonly list: EntityComments,
    private readonly around: Around,
    private readonly changed: () => Promise<void>,
  ) {
    this.state.setAttribute('role', 'status');
    this.edit.addEventListener('click', () => this.open());
    this.remove.addEventListener('click', () => void this.delete());
    this.root.append(this.head, this.text, this.buttons);
  }

  get touched(): boolean {
    return this.form?.touched ?? false;
  }

  /** Shows changes; if there are none, focus and selection stay. */
  show(entity: Entity, tree: Tree | undefined): void {
    if (entity.version === this.version) return;
    this.version = entity.version;
    this.entity = entity;
    const { key, createdBy, createdAt = '', updatedBy, updatedAt, fields } = entity;
    const author = createdBy?.name ?? 'Somebody';
    const when = element('a', { href: hashOf({ ...this.place, part: entity.id }) });
    when.append(element('time', { dateTime: createdAt, textContent: shownTime(createdAt) }));
    const edited =
      updatedAt === createdAt ? '' : ` · edited by ${updatedBy?.name ?? 'somebody'}, ${shownTime(updatedAt)}`;
    const internal = isInternal(fields.visibility);
    this.root.classList.toggle('internal', internal);
    this.head.replaceChildren(
      element('strong', { textContent: author }),
      ' · ',
      when,
      edited,
      ...(internal ? [' ', element('span', { className: 'mark', textContent: shown(fields.visibility) })] : []),
    );
    this.text.classList.toggle('rich', tree !== undefined);
    this.text.replaceChildren(...(tree ? richNodes(tree, this.around) : [shown(fields.text)]));
    for (const [button, what] of [
      [this.edit, 'Edit'],
      [this.remove, 'Delete'],
    ] as const)
      button.setAttribute('aria-label', `${what} comment ${key} by ${author}`);
    this.form?.refresh(entity, updatedBy?.name ?? 'Somebody');
  }

  private open(): void {
    if (this.form) return;
    const { id, key } = this.entity;
    this.form = new CommentForm(
      this.list.fields,
      { name: `comment-${id}`, label: `Comment ${key}`, verb: 'Save' },
      {
        send: async (fields) => {
          await ask('edit', {}, { space: this.place.space, user: page.person.value, id, fields });
          this.close();
          await this.changed();
        },
        cancel: () => this.close(),
      },
    );
    this.form.show(this.entity);
    this.text.hidden = true;
    this.buttons.hidden = true;
    this.state.textContent = '';
    this.root.append(this.form.root);
    this.form.focus();
  }

  private close(): void {
    this.form?.root.remove();
    this.form = undefined;
    this.text.hidden = false;
    this.buttons.hidden = false;
    this.edit.focus();
  }

  private async delete(): Promise<void> {
    const { id, createdBy } = this.entity;
    // the button is not disabled meanwhile: it would lose the focus
    if (!window.confirm(`Delete this comment by ${createdBy?.name ?? 'somebody'}?`)) return;
    try {
      await ask('remove', {}, { space: this.place.space, user: page.person.value, id });
      await this.changed();
    } catch (thrown) {
      this.state.textContent = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
}

const isInternal = (visibility: Value | undefined): boolean =>
  typeof visibility === 'object' && visibility !== null && 'id' in visibility && visibility.id === 'internal';

/** All comments of an item, and the form for a new one. */
export class Comments {
  readonly root = element('section', { className: 'comments' });
  private readonly heading = element('h3', { id: 'comments' });
  private readonly older = element('p', { className: 'quiet', hidden: true });
  private readonly items = element('ol');
  private readonly form: CommentForm;
  private readonly byId = new Map<string, Comment>();
  private pointedAt: string | undefined;

  constructor(
    private readonly place: Place,
    project: string,
    private readonly list: EntityComments,
    private readonly around: Around,
    private readonly changed: () => Promise<void>,
  ) {
    this.pointedAt = place.part;
    this.root.setAttribute('aria-labelledby', this.heading.id);
    const { space, id: owner } = place;
    this.form = new CommentForm(
      list.fields,
      { name: 'comment-new', label: 'New comment', verb: 'Add comment' },
      {
        send: async (fields) => {
          const body = { space, user: page.person.value, project, type: list.type, owner, fields };
          await ask('create', {}, body);
          this.form.show(undefined);
          await this.changed();
        },
      },
    );
    this.form.show(undefined);
    const add = element('h4', { textContent: 'New comment' });
    this.root.append(this.heading, this.older, this.items, add, this.form.root);
  }

  get touched(): boolean {
    return this.form.touched || [...this.byId.values()].some((comment) => comment.touched);
  }

  /** Shows new comments and removes deleted ones, except one that is being edited: saving it reports that. */
  show({ all, trees, total }: EntityComments): void {
    const focused = this.items.contains(document.activeElement) ? document.activeElement?.closest('li') : undefined;
    const at = focused ? [...this.items.children].indexOf(focused) : -1;
    for (const entity of all) {
      const comment = this.byId.get(entity.id) ?? this.add(entity);
      comment.show(entity, trees[entity.id]?.text);
    }
    const there = new Set(all.map(({ id }) => id));
    for (const [id, comment] of this.byId) {
      if (there.has(id) || comment.touched) continue;
      comment.root.remove();
      this.byId.delete(id);
    }
    this.heading.textContent = total === 0 ? 'Comments' : `Comments (${total})`;
    this.older.hidden = total === all.length;
    this.older.textContent = `The ${total - all.length} oldest are not shown.`;
    // after a comment was deleted by keyboard, the focus continues at its place
    if (focused && !focused.isConnected) {
      const next = this.items.children[Math.min(at, this.items.children.length - 1)];
      if (next instanceof HTMLElement) next.focus();
      else this.form.focus();
    }
    this.point();
  }

  private add(entity: Entity): Comment {
    const comment = new Comment(entity, this.place, this.list, this.around, this.changed);
    this.byId.set(entity.id, comment);
    this.items.append(comment.root);
    return comment;
  }

  /** Scrolls to the comment in the URL, once. */
  private point(): void {
    const named = this.pointedAt === undefined ? undefined : this.byId.get(this.pointedAt);
    if (!named) return;
    this.pointedAt = undefined;
    named.root.setAttribute('aria-current', 'true');
    named.root.scrollIntoView({ block: 'center' });
    named.root.focus({ preventScroll: true });
  }
}
