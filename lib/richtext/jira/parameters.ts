/** The parameters of a macro: `title=My title|bgColor=#ccc`. A parameter without a name has the key ''. */
export function parameters(source: string, separator = '|'): Map<string, string> {
  const result = new Map<string, string>();
  for (const part of source.split(separator)) {
    const equals = part.indexOf('=');
    const key = equals < 0 ? '' : part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (value !== '' && !result.has(key)) result.set(key, value);
  }
  return result;
}
