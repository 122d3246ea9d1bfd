/** The editor of a real Node-RED that runs a flow between the two sandboxes, in a real browser. */

import type { Page } from 'playwright-core';
import type { Browser } from './chromium';
import { Editor } from './editor';
import { sandboxes } from './examples';
import { type FlowNode, NodeRed } from './node-red';

export interface SandboxEditor {
  red: NodeRed;
  trackers: ReturnType<typeof sandboxes>;
  browser: Browser;
  page: Page;
  editor: Editor;
}

/**
 * @param launch starts the browser
 * @param height of its window, which is 1280 wide
 * @param fill puts in what is there before the flow runs
 */
export async function openSandboxEditor(
  launch: () => Promise<Browser>,
  flow: FlowNode[],
  height: number,
  fill: (trackers: SandboxEditor['trackers']) => void = () => undefined,
): Promise<SandboxEditor> {
  const red = await NodeRed.start();
  const trackers = sandboxes(red.userDir);
  fill(trackers);
  await red.deploy(flow);
  const browser = await launch();
  const { page } = browser;
  await page.setViewportSize({ width: 1280, height });
  const editor = new Editor(page, red.url);
  await editor.open();
  return { red, trackers, browser, page, editor };
}

/** @param opened undefined if it did not come so far */
export async function closeSandboxEditor(opened: SandboxEditor | undefined): Promise<void> {
  await opened?.browser.close();
  opened?.trackers.close();
  await opened?.red.stop();
}
