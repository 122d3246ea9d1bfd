/** How similar two names are: of fields ("Summary" and "Title") or of list values ("2 - High" and "Major"). */

/** Names with the same meaning in different trackers, one group per line; English and German. */
const FIELD_SYNONYMS = [
  'title|summary|subject|headline|name|short description|titel|zusammenfassung|betreff|thema',
  'description|body|details|content|beschreibung',
  'state|status|workflow state|zustand',
  'assignee|assigned to|assigned|responsible|owner|bearbeiter|zugewiesen an|verantwortlich',
  'reporter|author|created by|creator|submitter|opened by|requester|requestor|caller|autor|ersteller|gemeldet von',
  'updated by|changed by|modified by|last modified by',
  'priority|prio|prioritat|priorität',
  'severity|impact|schweregrad',
  'labels|label|tags|tag|keywords|schlagworter|schlagwörter|stichwörter',
  'components|component|category|area|module|area path|kategorie|komponente',
  'due date|due|deadline|target date|fällig|abgabedatum|falligkeitsdatum|fälligkeitsdatum',
  'start date|start|starts|planned start|beginn|anfang',
  'created|created on|created at|created date|creation date|erstellt|angelegt',
  'updated|updated on|updated at|changed date|modified|last modified|aktualisiert|geandert|geändert',
  'closed|closed on|closed at|closed date|geschlossen',
  'resolved|resolved date|resolution date',
  'story points|points|effort|size|weight|story point estimate',
  'original estimate|estimated hours|estimate|estimated time|time estimate|time estimated|estimation|orig est|geschätzter aufwand',
  'remaining estimate|remaining work|remaining hours|hours left|time left',
  'time spent|spent hours|spent time|completed work|hours worked|time worked|aufgewendete zeit',
  'fix version|fixed version|target version|milestone|target milestone|zielversion',
  'affects version|affected version|product version|found in version|betroffene version',
  'sprint|iteration|iteration path',
  'parent|parent task|parent issue|parent incident|parent item|subtask of|epic|epic link',
  'team|assignment group|support group|owning team',
  'type|issue type|tracker|work item type|typ',
  'resolution|reason|resolved reason|state reason|resolution code|close code|losung|lösung',
  'done ratio|progress|percent complete|% done|fortschritt',
  'environment|system info|umgebung',
  'external id|foreign key|remote key|remote id|external key',
  'external url|foreign link|remote link|external link',
];

/** Names that often mean the same, where no closer name is there. */
const FIELD_RELATIVES = [
  'version|fix version|target version|release',
  'version|affects version|affected version|product version',
  'milestone|target version|fix version|iteration path|iteration|sprint',
];

/** Words of which a name has one: what has another one is something else, whatever the rest of the names. */
const OPPOSED = [
  'created|updated|changed|modified|closed|resolved|opened|started|finished|verified',
  'start|due|end|finish|target|planned|actual',
  'original|remaining|spent|completed|estimated',
  'found|fixed|integrated|affected|affects|fix',
  'parent|child|sub',
  'internal|external|public|private',
  'by|on|date|at|count|url|id',
].map((line) => new Set(line.split('|')));

const VALUE_SYNONYMS = [
  'highest|immediate|blocker|show stopper|sofort',
  'critical|urgent|dringend|kritisch',
  'high|major|hoch',
  'medium|normal|moderate|mittel',
  'low|minor|niedrig',
  'lowest|trivial',
  'new|open|to do|todo|backlog|proposed|neu|offen',
  'in progress|active|doing|started|committed|assigned|in bearbeitung|aktiv',
  'feedback|needs info|needs information|waiting|ruckfrage|rückfrage',
  'in review|review|in prufung|in prüfung',
  'resolved|fixed|gelost|gelöst',
  'closed|done|completed|complete|finished|geschlossen|erledigt',
  'rejected|wont fix|won t fix|removed|cancelled|canceled|declined|abgelehnt',
  'blocked|on hold|impeded|blockiert',
  'bug|defect|fehler',
  'story|user story|product backlog item',
  'yes|true|on|ja|wahr',
  'no|false|off|nein|falsch',
];

/** Values that often mean the same, where no closer one is there. */
const VALUE_RELATIVES = [
  'open|in progress|active|assigned',
  'stalled|on hold|blocked|feedback|pending|waiting',
  'feature|story|user story|enhancement|new feature|requirement|improvement',
];

/**
 * Names of relations that mean the same and lead the same way, one group per line; English and German. Read as "this item … the other
 * one" (blocks, duplicates) or as what the other item is (Successor, Duplicate): an item that blocks another has it as its successor.
 */
const RELATION_SYNONYMS = [
  'related|related to|relates|relates to|is related to|see also|verwandt|zugehörig|bezieht sich auf|hängt zusammen mit',
  'blocks|precedes|successor|is required by|is depended on by|depended on by|is dependency of|blockiert|nachfolger|vorgänger von',
  'is blocked by|blocked by|follows|predecessor|depends on|requires|wird blockiert von|wird blockiert durch|blockiert durch|blockiert von|vorgänger|hängt ab von|folgt',
  'duplicates|is duplicate of|is a duplicate of|duplicate of|dupliziert|duplikat von|ist duplikat von',
  'is duplicated by|duplicated by|has duplicate|duplicate|wird dupliziert von|hat duplikat|duplikat',
  'clones|is clone of|copied from|is copy of|klont|kopiert von',
  'is cloned by|has clone|copied to|wird geklont von|kopiert nach',
  'causes|is cause of|verursacht',
  'is caused by|caused by|wird verursacht von|verursacht durch',
  'tests|validates|verifies|testet',
  'tested by|is tested by|is validated by|is verified by|getestet von|wird getestet von',
  'affects|impacts|betrifft',
  'affected by|is affected by|is impacted by|betroffen von',
];

/** Normalized names are cached: two lists of 500 fields mean 250,000 comparisons of only 1,000 names. */
const MOST_NAMES = 5_000;
const plainNames = new Map<string, string>();

const groups = (lines: string[]): Map<string, Set<number>> => {
  const index = new Map<string, Set<number>>();
  lines.forEach((line, group) => {
    for (const name of line.split('|').map(plainName)) index.set(name, (index.get(name) ?? new Set()).add(group));
  });
  return index;
};

/** Lower case, without accents, punctuation and camel case: "assignedTo", "Assigned to:" and "assigned_to" are the
 * same. */
export function plainName(name: string): string {
  const known = plainNames.get(name);
  if (known !== undefined) return known;
  const plain = simplify(name);
  if (plainNames.size >= MOST_NAMES) plainNames.clear();
  plainNames.set(name, plain);
  return plain;
}

function simplify(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}%]+/gu, ' ')
    .trim();
}

interface Groups {
  same: Map<string, Set<number>>;
  relatives: Map<string, Set<number>>;
}

const FIELD_GROUPS: Groups = {
  same: groups(FIELD_SYNONYMS.map(singularLine)),
  relatives: groups(FIELD_RELATIVES.map(singularLine)),
};
const VALUE_GROUPS: Groups = { same: groups(VALUE_SYNONYMS), relatives: groups(VALUE_RELATIVES) };
const RELATION_GROUPS: Groups = { same: groups(RELATION_SYNONYMS), relatives: new Map() };

/** "assignees" is "assignee"; "status" and "progress" stay. */
function singular(plain: string): string {
  return plain.replace(/\b(\p{L}{3,}[^\Wsu])s\b/gu, '$1');
}

function singularLine(line: string): string {
  return line
    .split('|')
    .map((name) => singular(plainName(name)))
    .join('|');
}

/** True if each name has a word that excludes one of the other's. */
function opposed(a: string, b: string): boolean {
  const [left, right] = [a.split(' '), b.split(' ')];
  return OPPOSED.some((words) => {
    const [ones, twos] = [left.filter((word) => words.has(word)), right.filter((word) => words.has(word))];
    return ones.length > 0 && twos.length > 0 && !ones.some((word) => twos.includes(word));
  });
}

const shareGroup = (index: Map<string, Set<number>>, a: string, b: string): boolean => {
  const [left, right] = [index.get(a), index.get(b)];
  return left !== undefined && right !== undefined && [...left].some((group) => right.has(group));
};

/** Proportion of the words that both have. */
function overlap(a: string, b: string): number {
  const left = new Set(a.split(' '));
  const right = new Set(b.split(' '));
  const both = [...left].filter((word) => right.has(word)).length;
  return both / (left.size + right.size - both);
}

const SYNONYM = 0.85;
const RELATIVE = 0.81;

function likeness(index: Groups, a: string, b: string, plain = plainName): number {
  if (a === b && a !== '') return 1;
  const [left, right] = [plain(a), plain(b)];
  if (left === '' || right === '') return 0;
  if (left === right) return 0.95;
  if (shareGroup(index.same, left, right)) return SYNONYM;
  if (shareGroup(index.relatives, left, right)) return RELATIVE;
  const words = overlap(left, right);
  return words >= 0.5 && !opposed(left, right) ? 0.35 + 0.4 * words : 0;
}

const fieldName = (name: string): string => singular(plainName(name));

/** 0 (nothing in common) to 1 (equal), for names of fields. */
export const fieldLikeness = (a: string, b: string): number => likeness(FIELD_GROUPS, a, b, fieldName);

/**
 * The same for fields whose values are other items. Half of a name says nothing here: "is blocked by" and "is caused by" share two words
 * of three. Where a name ends with its kind, as in "is blocked by (Depends)", the rest of it counts.
 */
export function relationLikeness(a: string, b: string): number {
  const bare = (name: string): string => name.replace(/\s*\([^()]*\)\s*$/, '');
  const whole = Math.max(alike(FIELD_GROUPS, a, b), alike(RELATION_GROUPS, a, b));
  return Math.max(whole, alike(RELATION_GROUPS, bare(a), bare(b)) * 0.97);
}

/** Without similar ones: the same, or a synonym. */
function alike(index: Groups, a: string, b: string): number {
  const score = likeness(index, a, b);
  return score >= SYNONYM ? score : 0;
}

/** The same for names of list values; a leading number, as in "2 - High", is ignored. */
export function valueLikeness(a: string, b: string): number {
  const whole = likeness(VALUE_GROUPS, a, b);
  const bare = (name: string): string => name.replace(/^\s*\d+\s*[-.:)]\s*(?=\p{L})/u, '');
  const stripped = likeness(VALUE_GROUPS, bare(a), bare(b)) * 0.97;
  return Math.max(whole, stripped);
}
