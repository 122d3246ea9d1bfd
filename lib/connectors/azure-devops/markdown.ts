/**
 * Angle brackets in Markdown are held encoded: raw ones are taken for tags, and text between them is lost
 * (https://github.com/microsoft/azure-devops-mcp/issues/508; Microsoft's own tool encodes them the same way).
 */
export const toStoredMarkdown = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const fromStoredMarkdown = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>');
