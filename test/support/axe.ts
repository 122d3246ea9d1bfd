/** Checks a page with axe: what keeps people with other senses, or without a mouse, from using it. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/**
 * What axe finds, a sentence each.
 * @param within a selector of the only part that is looked at; without it, the whole page
 */
export async function violations(page: Page, within?: string): Promise<string[]> {
  await page.evaluate(source);
  const found = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(${within === undefined ? 'document' : JSON.stringify(within)}, { resultTypes: ["violations"] })`,
  );
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 3).map(({ html, failureSummary = '' }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
