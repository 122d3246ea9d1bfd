/** The Node-RED editor as a person uses it: drags, clicks and types in a real browser. */

import type { Locator, Page } from 'playwright-core';
import { until } from './wait';

export class Editor {
  constructor(
    readonly page: Page,
    readonly url: string,
  ) {}

  async open(): Promise<void> {
    await this.page.goto(this.url);
    // may be hidden: the editor remembers the last search in the palette
    await this.page.locator('.red-ui-palette-node[data-palette-type="debug"]').waitFor({ state: 'attached' });
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  }

  /** Shows only those nodes in the palette whose names contain the text. */
  async searchPalette(text: string): Promise<void> {
    const search = this.page.locator('#red-ui-palette-search input');
    await search.fill('');
    await search.pressSequentially(text);
    // it filters a moment after the last key
    await this.page.locator('.red-ui-palette-node[data-palette-type="complete"]').waitFor({ state: 'hidden' });
  }

  /** Drags a node from the palette to a position on the canvas. @returns the node there */
  async drag(type: string, x: number, y: number): Promise<Locator> {
    const before = new Set(await this.nodeIds());
    const from = await this.center(this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`));
    const chart = await this.page.locator('#red-ui-workspace-chart').boundingBox();
    if (!chart) throw new Error('The editor shows no canvas');
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + 20, from.y + 20, { steps: 4 });
    await this.page.mouse.move(chart.x + x - 10, chart.y + y - 10, { steps: 12 });
    // the editor creates its picture of the node while the mouse moves: it must exist before the button is released
    await this.page.locator('.ui-draggable-dragging').waitFor();
    await this.page.mouse.move(chart.x + x, chart.y + y, { steps: 4 });
    await this.page.mouse.up();
    const id = await until(`${type} is on the canvas`, async () =>
      (await this.nodeIds()).find((one) => !before.has(one)),
    );
    return this.page.locator(`[id="${id}"]`);
  }

  /** Draws a wire from a node's first output to another's input. */
  async wire(from: Locator, to: Locator): Promise<void> {
    const wires = this.page.locator('.red-ui-flow-link');
    const before = await wires.count();
    const start = await this.center(from.locator('.red-ui-flow-port-output .red-ui-flow-port').first());
    const target = to.locator('.red-ui-flow-port-input .red-ui-flow-port').first();
    const end = await this.center(target);
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down();
    await this.page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2 + 10, { steps: 6 });
    // the wire snaps to a port only if the mouse is over it
    await until('the port is hovered', async () => {
      await this.page.mouse.move(end.x - 2, end.y, { steps: 2 });
      await this.page.mouse.move(end.x, end.y, { steps: 2 });
      return /hovered/.test((await target.getAttribute('class')) ?? '');
    });
    await this.page.mouse.up();
    await until('the wire is drawn', async () => (await wires.count()) > before);
  }

  /** Opens a node's form. */
  async edit(node: Locator): Promise<Locator> {
    // a node that was just dropped or closed ignores the first click of a double click
    await this.page.waitForTimeout(400);
    await node.locator('.red-ui-flow-node').first().dblclick();
    return this.form();
  }

  /** The topmost form: the editor removes the one below from the page while a config node is edited. */
  async form(): Promise<Locator> {
    await this.settled();
    return this.page.locator('.red-ui-tray').last();
  }

  /** Presses Done, Add or Update, and waits until the form has gone. */
  async done(): Promise<void> {
    const title = await this.title();
    await (await this.form()).locator('.red-ui-tray-toolbar button.primary').click();
    await until('the form has gone', async () => (await this.title()) !== title);
    await this.settled();
  }

  /** Presses the + next to a choice of config nodes. @returns the new config node's form */
  async add(form: Locator, property: string, prefix = 'node-input'): Promise<Locator> {
    const title = await this.title();
    await form.locator(`#${prefix}-btn-${property}-add`).click();
    await until('the form is there', async () => (await this.title()) !== title);
    return this.form();
  }

  /** The breadcrumb: Edit poller node > Add new integration config node */
  private async title(): Promise<string> {
    return (await this.page.locator('.red-ui-tray-header').allTextContents()).join();
  }

  /** Chooses from a drop-down with search. */
  async choose(box: Locator, text: string): Promise<void> {
    await box.click();
    await box.fill(text);
    await this.page.getByRole('option', { name: text }).first().click();
  }

  async deploy(): Promise<void> {
    await this.page.locator('#red-ui-header-button-deploy').click();
    await this.page.locator('.red-ui-notification-success').first().waitFor();
  }

  /** The canvas's nodes that the editor marks as not properly configured. */
  invalid(): Promise<number> {
    return this.page.locator('.red-ui-flow-node-error:not(.hide)').filter({ visible: true }).count();
  }

  private nodeIds(): Promise<string[]> {
    return this.page
      .locator('.red-ui-flow-node-group')
      .evaluateAll((elements) => elements.map((element) => element.id));
  }

  private async center(element: Locator): Promise<{ x: number; y: number }> {
    await element.scrollIntoViewIfNeeded();
    const box = await element.boundingBox();
    if (!box) throw new Error(`${element} is not to be seen`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** Forms slide in; their content is accessible when they have stopped. */
  private settled(): Promise<void> {
    return this.page.waitForTimeout(500);
  }
}
