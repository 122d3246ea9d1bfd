/** The meaning of each HTML element: the table that the reader uses. Elements that are not listed are transparent. */

import type { SimpleMark } from '../tree';

/** Dropped with their content: it is not text that people see, or it could run code. */
export const DROPPED = new Set(
  (
    'script style head title meta link base template noscript object embed applet frame frameset noframes noembed svg ' +
    'math canvas datalist param source track map area colgroup col dialog portal xml xss'
  ).split(' '),
);

/** Contain only text. Browsers show its white space. */
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

/** Inline elements without a node of their own in the tree. Their styles count. */
export const INLINE = new Set(
  'a abbr acronym bdi bdo big data font label mark nobr output q ruby rb rt rp small span time wbr'.split(' '),
);

/** Start and end a paragraph, and contain blocks. */
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

/** In Markdown these only lay out a table or picture; they show nothing themselves. */
const SILENT = new Set('area col colgroup frame frameset map param source track'.split(' '));

/** Tags that Twinflow's own Markdown contains: the only ones recognized in a dialect in which HTML is text. */
export const PLAIN_TAGS = new Set('br details img ins span sub summary sup'.split(' '));

/**
 * True for tags that Markdown shows as typed: those that GitHub filters out (https://github.github.com/gfm/
 * #disallowed-raw-html-extension-) and others that would swallow the text after them.
 */
export const isShownTag = (name: string): boolean =>
  name === 'iframe' || VERBATIM.has(name) || (DROPPED.has(name) && !SILENT.has(name));

/** True for HTML elements. Anything else, such as the `<String>` of a generic type, is meant as text. */
export const isKnown = (name: string): boolean =>
  MARKS.has(name) || CODE.has(name) || INLINE.has(name) || BLOCKS.has(name) || DROPPED.has(name) || OTHERS.has(name);
