/** A real Chromium, headless, with an empty profile, for tests of the editor. TWINFLOW_CHROMIUM names another binary. */

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium as engine, type Page } from 'playwright-core';
import { describeWith, type Needed } from './need';
import { projectRoot } from './node-red';

const binary = process.env.TWINFLOW_CHROMIUM ?? '/usr/bin/chromium';

export interface Browser {
  context: BrowserContext;
  page: Page;
  /** errors that pages wrote to their console, and uncaught exceptions */
  errors: string[];
  close(): Promise<void>;
}

export const chromium: Needed<() => Promise<Browser>> = existsSync(binary)
  ? { there: launch }
  : { missing: `needs Chromium: there is no ${binary}` };

async function launch(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'twinflow-chromium-'));
  const context = await engine.launchPersistentContext(profile, {
    executablePath: binary,
    headless: true,
    viewport: { width: 1440, height: 900 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const errors: string[] = [];
  const watch = (page: Page) => {
    page.on('pageerror', ({ message, stack = message }) => {
      if (!isTips(stack)) errors.push(stack);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
    });
  };
  context.on('page', watch);
  context.setDefaultTimeout(45_000);
  const page = context.pages()[0] ?? (await context.newPage());
  watch(page);
  return {
    context,
    page,
    errors,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Node-RED's own tips are sometimes shown before their texts are loaded: that is not a fault of Twinflow. */
const isTips = (stack: string): boolean => /reading 'html'[^\n]*\n\s*at .*\/red\.min\.js/.test(stack);

/** A suite that needs a browser; it gets the function that starts one. */
export function describeWithChromium(
  title: string,
  suite: (this: Mocha.Suite, launch: () => Promise<Browser>) => void,
): void {
  describeWith(title, chromium, suite);
}

/** Stores a screenshot of the page in artifacts/screenshots/. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = join(projectRoot, 'artifacts', 'screenshots');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  return path;
}

/**
 * Skips the rest of a suite whose steps build on each other after one has failed, with a picture of what the page showed.
 * @param name of the picture, before `-failed`
 */
export function endsAtFirstFailure(name: string, page: () => Page): void {
  let failed = false;
  beforeEach(function () {
    if (failed) this.skip();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    failed = true;
    await screenshot(page(), `${name}-failed`);
  });
}
