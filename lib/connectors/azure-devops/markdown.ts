/** Markdown as Azure DevOps holds and reads it. */

import type { Dialect } from '../../model/values';

/** A tag that somebody typed is text; only `@<id>` mentions a person. */
export const MARKDOWN: Dialect = { plainTags: true, mentions: 'ids' };

/**
 * Angle brackets in Markdown are held encoded: raw ones are taken for tags, and text between them is lost
 * (https://github.com/microsoft/azure-devops-mcp/issues/508; Microsoft's own tool encodes them the same way).
 */
export const toStoredMarkdown = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const fromStoredMarkdown = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>');
