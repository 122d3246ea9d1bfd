/** Emoji that markups write as letters: the common short names and Jira's signs. Other emoji remain characters. */

import type { Emoji } from './tree';

/** short name (as in ADF and GitHub) → character, and Jira's sign if it has one */
const TABLE: [name: string, text: string, sign?: string][] = [
  ['slight_smile', '🙂', ':)'],
  ['disappointed', '😞', ':('],
  ['stuck_out_tongue', '😛', ':P'],
  ['smiley', '😃', ':D'],
  ['wink', '😉', ';)'],
  ['thumbsup', '👍', '(y)'],
  ['thumbsdown', '👎', '(n)'],
  ['info', 'ℹ️', '(i)'],
  ['check_mark', '✅', '(/)'],
  ['cross_mark', '❌', '(x)'],
  ['warning', '⚠️', '(!)'],
  ['plus', '➕', '(+)'],
  ['minus', '➖', '(-)'],
  ['question', '❓', '(?)'],
  ['light_bulb_on', '💡', '(on)'],
  ['yellow_star', '⭐', '(*)'],
  ['smile', '😄'],
  ['grinning', '😀'],
  ['laughing', '😆'],
  ['joy', '😂'],
  ['heart', '❤️'],
  ['tada', '🎉'],
  ['rocket', '🚀'],
  ['eyes', '👀'],
  ['fire', '🔥'],
  ['bug', '🐛'],
  ['white_check_mark', '✅'],
  ['heavy_check_mark', '✔️'],
  ['x', '❌'],
  ['bulb', '💡'],
  ['star', '⭐'],
  ['thinking', '🤔'],
  ['cry', '😢'],
  ['clap', '👏'],
  ['pray', '🙏'],
  ['ok_hand', '👌'],
  ['wave', '👋'],
  ['construction', '🚧'],
  ['lock', '🔒'],
  ['memo', '📝'],
  ['link', '🔗'],
  ['zap', '⚡'],
  ['boom', '💥'],
  ['sparkles', '✨'],
  ['100', '💯'],
  ['+1', '👍'],
  ['-1', '👎'],
];

const byName = new Map(TABLE.map(([name, text]) => [name, text]));
const bySign = new Map(TABLE.flatMap(([name, text, sign]) => (sign ? [[sign, { name, text }] as const] : [])));
const signs = new Map(TABLE.flatMap(([name, , sign]) => (sign ? [[name, sign] as const] : [])));

/** The emoji for a short name such as `smile`, if it is a common one. */
export const emojiNamed = (name: string): Emoji | undefined => {
  const text = byName.get(name);
  return text === undefined ? undefined : { type: 'emoji', name, text };
};

/** The emoji that Jira shows for a sign such as `:)`. */
export const emojiOfSign = (sign: string): Emoji | undefined => {
  const found = bySign.get(sign);
  return found && { type: 'emoji', ...found };
};

/** Jira's sign for an emoji. */
export const signOf = (emoji: Emoji): string | undefined => signs.get(emoji.name);

export const JIRA_SIGNS: readonly string[] = [...bySign.keys()];
