/** The attachments of the open item: shows, attaches, saves and deletes them as the selected user. In the browser. */

import type { Entity } from '../../lib/model/entity';
import { element, page } from './document';
import type { Place } from './place';
import { ask, type EntityFiles, fetchFile, sendFile } from './server';
import { shown, shownTime, sizeText } from './text';

const wordsOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Not SVG, which may hold scripts. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** One attachment. */
class Attachment {
  readonly root = element('li', { tabIndex: -1 });
  private readonly name = element('button', { type: 'button', className: 'name' });
  private readonly about = element('span', { className: 'quiet' });
  private readonly remove = element('button', { type: 'button', textContent: 'Delete' });
  private readonly state = element('span', { className: 'quiet' });
  private version = '';

  constructor(
    private entity: Entity,
    private readonly place: Place,
    private readonly changed: () => Promise<void>,
  ) {
    this.state.setAttribute('role', 'status');
    this.name.addEventListener('click', () => void this.save());
    this.remove.addEventListener('click', () => void this.delete());
    const buttons = element('div', { className: 'buttons' }, this.remove);
    this.root.append(element('p', {}, this.name, ' ', this.about, ' ', this.state), buttons);
    this.show(entity);
  }

  show(entity: Entity): void {
    if (entity.version === this.version) return;
    this.version = entity.version;
    this.entity = entity;
    const { createdBy, createdAt = '', fields } = entity;
    const name = shown(fields.name);
    this.name.textContent = name;
    this.name.title = `Save ${name}`;
    const description = shown(fields.description);
    const size = typeof fields.size === 'number' ? sizeText(fields.size) : '';
    const parts = [size, createdBy?.name ?? 'Somebody', shownTime(createdAt), description];
    this.about.textContent = parts.filter((part) => part !== '').join(' · ');
    this.remove.setAttribute('aria-label', `Delete attachment ${name}`);
  }

  /** undefined if it is no picture that a browser shows without running anything in it */
  get pictureName(): string | undefined {
    return PICTURES.has(shown(this.entity.fields.mediaType)) ? shown(this.entity.fields.name) : undefined;
  }

  /** Loads the picture: its address alone would not carry the editor's login. */
  async fetchInto(image: HTMLImageElement): Promise<void> {
    try {
      const file = await fetchFile('file', { space: this.place.space, id: this.entity.id });
      const picture = new Blob([file], { type: shown(this.entity.fields.mediaType) });
      image.addEventListener('load', () => URL.revokeObjectURL(image.src), { once: true });
      image.src = URL.createObjectURL(picture);
    } catch (thrown) {
      image.alt = `${image.alt} (${wordsOf(thrown)})`;
    }
  }

  private async save(): Promise<void> {
    this.state.textContent = 'Fetching …';
    try {
      const file = await fetchFile('file', { space: this.place.space, id: this.entity.id });
      const link = element('a', { href: URL.createObjectURL(file), download: shown(this.entity.fields.name) });
      link.click();
      // the browser has begun to save it by then
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.state.textContent = '';
    } catch (thrown) {
      this.state.textContent = wordsOf(thrown);
    }
  }

  private async delete(): Promise<void> {
    if (!window.confirm(`Delete ${shown(this.entity.fields.name)}?`)) return;
    try {
      await ask('remove', {}, { space: this.place.space, user: page.person.value, id: this.entity.id });
      await this.changed();
    } catch (thrown) {
      this.state.textContent = wordsOf(thrown);
    }
  }
}

/** All attachments of an item, and the choice of new ones. */
export class Attachments {
  readonly root = element('section', { className: 'attachments' });
  private readonly heading = element('h3', { id: 'attachments' });
  private readonly older = element('p', { className: 'quiet', hidden: true });
  private readonly items = element('ol');
  private readonly picker = element('input', { type: 'file', multiple: true, id: 'attach' });
  private readonly state = element('span', { className: 'quiet' });
  private readonly byId = new Map<string, Attachment>();
  private most = 0;

  constructor(
    private readonly place: Place,
    private readonly changed: () => Promise<void>,
  ) {
    this.root.setAttribute('aria-labelledby', this.heading.id);
    this.state.setAttribute('role', 'status');
    this.picker.setAttribute('aria-label', 'Attach files');
    this.picker.addEventListener('change', () => void this.attach([...(this.picker.files ?? [])]));
    const add = element('div', { className: 'buttons' }, this.picker, this.state);
    this.root.append(this.heading, this.older, this.items, add);
  }

  /** Shows the newest attachment of this name, if it is a picture. @returns false if there is none */
  picture(name: string, into: HTMLImageElement): boolean {
    const wanted = name.replace(/^attachment:/, '');
    const named = [...this.byId.values()].reverse().find(({ pictureName }) => pictureName === wanted);
    if (!named) return false;
    void named.fetchInto(into);
    return true;
  }

  show({ all, total, most }: EntityFiles): void {
    this.most = most;
    const focused = this.items.contains(document.activeElement) ? document.activeElement?.closest('li') : undefined;
    const at = focused ? [...this.items.children].indexOf(focused) : -1;
    for (const entity of all) {
      const known = this.byId.get(entity.id);
      if (known) known.show(entity);
      else {
        const attachment = new Attachment(entity, this.place, this.changed);
        this.byId.set(entity.id, attachment);
        this.items.append(attachment.root);
      }
    }
    const there = new Set(all.map(({ id }) => id));
    for (const [id, attachment] of this.byId) {
      if (there.has(id)) continue;
      attachment.root.remove();
      this.byId.delete(id);
    }
    this.heading.textContent = total === 0 ? 'Attachments' : `Attachments (${total})`;
    this.older.hidden = total === all.length;
    this.older.textContent = `The ${total - all.length} oldest are not shown.`;
    // after one was deleted by keyboard, the focus continues at its place
    if (focused && !focused.isConnected) {
      const next = this.items.children[Math.min(at, this.items.children.length - 1)];
      if (next instanceof HTMLElement) next.focus();
      else this.picker.focus();
    }
  }

  /** One after the other. A file that fails is reported, and the others go on. */
  private async attach(files: File[]): Promise<void> {
    if (files.length === 0) return;
    const { space, id = '' } = this.place;
    const faults: string[] = [];
    this.picker.disabled = true;
    for (const file of files) {
      this.state.textContent = `Attaching ${file.name} (${sizeText(file.size)}) …`;
      try {
        if (file.size > this.most) throw new Error(`${file.name} is too large: at most ${sizeText(this.most)}.`);
        const query = { space, user: page.person.value, owner: id, name: file.name, type: file.type };
        await sendFile('attach', query, file);
      } catch (thrown) {
        faults.push(wordsOf(thrown));
      }
    }
    this.picker.value = '';
    this.picker.disabled = false;
    this.state.textContent = faults.join(' ');
    this.picker.focus();
    await this.changed();
  }
}
