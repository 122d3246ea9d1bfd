/** What each HTML element means: the one table that the reader works by. What isn't listed is transparent. */

import type { SimpleMark } from '../tree';

/** Left out together with what they contain: nothing of them is text that people see, or it could run. */
export const DROPPED = new Set(
  (
    'script style head title meta link base template noscript object embed applet frame frameset noframes noembed svg ' +
    'math canvas datalist param source track map area colgroup col dialog portal xml xss'
  ).split(' '),
);

/** Hold no elements but text with its white space, which browsers show. */
export const VERBATIM = new Set(['textarea', 'xmp', 'listing', 'plaintext']);

export const MARKS: ReadonlyMap<string, SimpleMark> = new Map<string, SimpleMark>([
  ['b', 'strong'],
  ['strong', 'strong'],
  ['i', 'emphasis'],
  ['em', 'emphasis'],
  ['cite', 'emphasis'],
  ['var', 'emphasis'],
  ['dfn', 'emphasis'],
  ['s', 'delete'],
  ['strike', 'delete'],
  ['del', 'delete'],
  ['u', 'underline'],
  ['ins', 'underline'],
  ['sub', 'subscript'],
  ['sup', 'superscript'],
]);

export const CODE = new Set(['code', 'kbd', 'samp', 'tt']);

/** Inline elements without a meaning of their own in the tree; styles on them count. */
export const INLINE = new Set(
  'a abbr acronym bdi bdo big data font label mark nobr output q ruby rb rt rp small span time wbr'.split(' '),
);

/** End a paragraph before and after, and contain blocks. */
export const CONTAINERS = new Set(
  (
    'address article aside body center dd details dialog dir div dl dt fieldset figcaption figure footer form header ' +
    'hgroup html legend main menu nav section summary'
  ).split(' '),
);

export const BLOCKS = new Set(
  [...CONTAINERS].concat('blockquote h1 h2 h3 h4 h5 h6 hr li listing ol p plaintext pre table ul xmp'.split(' ')),
);

const OTHERS = new Set(
  'audio br button iframe img input li optgroup option picture select tbody td tfoot th thead tr video'.split(' '),
);

/** In Markdown these are layout of a table or picture, which shows nothing by itself. */
const SILENT = new Set('area col colgroup frame frameset map param source track'.split(' '));

/** Tags that our own Markdown is written with: the only ones in a dialect in which HTML is text. */
export const PLAIN_TAGS = new Set('br details img ins span sub summary sup'.split(' '));

/**
 * True for the tags that in Markdown are shown as they are typed: what GitHub disarms (https://github.github.com/gfm/
 * #disallowed-raw-html-extension-) and whatever else would take the words behind it along.
 */
export const isShownTag = (name: string): boolean =>
  name === 'iframe' || VERBATIM.has(name) || (DROPPED.has(name) && !SILENT.has(name));

/** True for the elements of HTML; what isn't one, such as the `<String>` of a generic type, is meant as text. */
export const isKnown = (name: string): boolean =>
  MARKS.has(name) || CODE.has(name) || INLINE.has(name) || BLOCKS.has(name) || DROPPED.has(name) || OTHERS.has(name);
