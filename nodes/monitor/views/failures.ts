/** Why changes are parked, grouped by cause: how many, and the one thing to do. */

import { type Failures, failures } from '../ask';
import { say } from '../texts';
import { element } from '../ui';
import type { PageContext, View } from '../view';
import { CauseBox } from './cause';

export class FailuresView implements View {
  readonly element = element('div');
  private readonly none = element('p', { className: 'quiet' });
  private readonly list = element('div');
  private readonly sections = new Map<string, Section>();

  constructor(private readonly page: PageContext) {
    this.element.append(element('h2', {}, say('failures.title')), this.none, this.list);
  }

  async refresh(): Promise<void> {
    const { items, more } = await failures();
    this.none.textContent = items.length === 0 ? say('failures.none') : more ? say('failures.moreIntegrations') : '';
    const present = new Set(items.map(({ integration }) => integration));
    for (const [id, section] of this.sections) {
      if (present.has(id)) continue;
      section.element.remove();
      this.sections.delete(id);
    }
    for (const item of items) {
      let section = this.sections.get(item.integration);
      if (!section) {
        section = new Section(item.integration, this.page);
        this.sections.set(item.integration, section);
        this.list.append(section.element);
      }
      section.update(item);
    }
  }
}

/** The causes of one integration. */
class Section {
  readonly element = element('section');
  private readonly title = element('h2');
  private readonly list = element('div');
  private readonly note = element('p', { className: 'quiet small' });
  private readonly boxes = new Map<string, CauseBox>();

  constructor(
    private readonly integration: string,
    private readonly page: PageContext,
  ) {
    this.element.append(this.title, this.list, this.note);
  }

  update({ name, causes, total, more }: Failures): void {
    this.title.textContent = say('failures.of', { name, count: total });
    this.element.setAttribute('aria-label', name);
    this.note.textContent = more ? say('failures.more') : '';
    const present = new Set(causes.map(({ cause }) => cause));
    for (const [id, box] of this.boxes) {
      if (present.has(id)) continue;
      box.element.remove();
      this.boxes.delete(id);
    }
    for (const cause of causes) {
      let box = this.boxes.get(cause.cause);
      if (!box) {
        box = new CauseBox(this.integration, cause, this.page);
        this.boxes.set(cause.cause, box);
        this.list.append(box.element);
      }
      box.update(cause);
    }
  }
}
