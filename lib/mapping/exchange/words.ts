/**
 * The words of a mapping's workbook: names of sheets, columns and options, as in the forms. A workbook is written in
 * one language and can be read in any, because people exchange files between editors.
 */

import type {
  ApplyWhen,
  ConflictPolicy,
  EmptyPolicy,
  MentionPolicy,
  SyncWhen,
  UnresolvedPolicy,
} from '../../model/config';
import type { DirectionSetting } from '../../model/entity';
import type { FieldType, RichTextFormat } from '../../model/values';

export type Language = 'en-US' | 'de';

/** The language of an editor if there are words for it, otherwise English. */
export const languageOf = (tag: string): Language => (/^de\b/i.test(tag) ? 'de' : 'en-US');

type Word = Record<Language, string>;
type Words<Key extends string> = Record<Key, Word>;

const same = (text: string): Word => ({ 'en-US': text, de: text });

export type SheetKey = 'about' | 'fields' | 'tables' | 'pairs' | 'domains' | 'defaults' | 'list' | 'words';

export const SHEETS: Words<SheetKey> = {
  about: { 'en-US': 'Mapping', de: 'Zuordnung' },
  fields: { 'en-US': 'Field mapper', de: 'Feldzuordnung' },
  tables: { 'en-US': 'Value tables', de: 'Wertetabellen' },
  pairs: { 'en-US': 'Value mapper', de: 'Wertezuordnung' },
  domains: { 'en-US': 'Email domains', de: 'E-Mail-Domains' },
  defaults: { 'en-US': 'Default mapper', de: 'Standardwerte' },
  list: { 'en-US': 'Fields', de: 'Felder' },
  words: { 'en-US': 'Words', de: 'Wörter' },
};

export type ColumnKey =
  | 'one'
  | 'direction'
  | 'two'
  | 'forward'
  | 'backward'
  | 'syncWhen'
  | 'applyWhen'
  | 'conflict'
  | 'fallback'
  | 'mentions'
  | 'constant'
  | 'more'
  | 'value1'
  | 'value2'
  | 'ignoreCase'
  | 'sameName'
  | 'from'
  | 'sheet'
  | 'column1'
  | 'column2'
  | 'wayBack'
  | 'side'
  | 'field'
  | 'value'
  | 'empty'
  | 'unresolved'
  | 'domain1'
  | 'domain2'
  | 'id'
  | 'name'
  | 'type'
  | 'multi'
  | 'maxLength'
  | 'integer'
  | 'format';

export const COLUMNS: Words<ColumnKey> = {
  one: { 'en-US': 'System 1 field', de: 'Feld von System 1' },
  direction: { 'en-US': 'Direction', de: 'Richtung' },
  two: { 'en-US': 'System 2 field', de: 'Feld von System 2' },
  forward: { 'en-US': 'Value of System 2 field (→)', de: 'Wert in System 2 (→)' },
  backward: { 'en-US': 'Value of System 1 field (←)', de: 'Wert in System 1 (←)' },
  syncWhen: { 'en-US': 'Sync when', de: 'Synchronisieren' },
  applyWhen: { 'en-US': 'Write field', de: 'Feld schreiben' },
  conflict: { 'en-US': 'If both sides changed', de: 'Wenn auf beiden Seiten geändert' },
  fallback: { 'en-US': 'If merging fails', de: 'Wenn das nicht geht' },
  mentions: { 'en-US': 'Mentions of people', de: 'Erwähnte Personen' },
  constant: { 'en-US': 'Constant', de: 'Fester Wert' },
  more: { 'en-US': 'More (JSON)', de: 'Weiteres (JSON)' },
  value1: { 'en-US': 'System 1 value', de: 'Wert von System 1' },
  value2: { 'en-US': 'System 2 value', de: 'Wert von System 2' },
  ignoreCase: { 'en-US': 'ignore case', de: 'Groß/klein egal' },
  sameName: { 'en-US': 'If no row matches, use the same name', de: 'Ohne passende Zeile gilt derselbe Name' },
  from: { 'en-US': 'More rows from', de: 'Weitere Zeilen aus' },
  sheet: { 'en-US': 'Sheet', de: 'Blatt' },
  column1: { 'en-US': 'Column of System 1', de: 'Spalte von System 1' },
  column2: { 'en-US': 'Column of System 2', de: 'Spalte von System 2' },
  wayBack: { 'en-US': 'Use for both directions', de: 'Für beide Richtungen verwenden' },
  side: { 'en-US': 'System of the field', de: 'System des Feldes' },
  field: { 'en-US': 'Field', de: 'Feld' },
  value: { 'en-US': 'Default value', de: 'Standardwert' },
  empty: { 'en-US': 'If the source is empty', de: 'Wenn die Quelle leer ist' },
  domain1: { 'en-US': 'Domain of system 1', de: 'Domain in System 1' },
  domain2: { 'en-US': 'Domain of system 2', de: 'Domain in System 2' },
  unresolved: { 'en-US': 'If the value has no match', de: 'Wenn der Wert keine Entsprechung hat' },
  id: same('ID'),
  name: same('Name'),
  type: { 'en-US': 'Type', de: 'Typ' },
  multi: { 'en-US': 'several values', de: 'mehrere Werte' },
  maxLength: { 'en-US': 'Longest text', de: 'Längster Text' },
  integer: { 'en-US': 'whole numbers', de: 'ganze Zahlen' },
  format: { 'en-US': 'Markup', de: 'Auszeichnung' },
};

const ARROWS: Words<DirectionSetting> = { both: same('↔'), forward: same('→'), backward: same('←') };

export const CHOICES = {
  direction: ARROWS,
  syncWhen: {
    both: { 'en-US': 'created and updated', de: 'beim Anlegen und Ändern' },
    create: { 'en-US': 'created only', de: 'nur beim Anlegen' },
    update: { 'en-US': 'updated only', de: 'nur beim Ändern' },
  } satisfies Words<SyncWhen>,
  applyWhen: {
    changed: { 'en-US': 'when the source changed', de: 'wenn sich die Quelle geändert hat' },
    always: { 'en-US': 'on every item change', de: 'bei jeder Änderung des Elements' },
  } satisfies Words<ApplyWhen>,
  conflict: {
    newest: { 'en-US': 'Newest change wins', de: 'Neueste Änderung gewinnt' },
    system1: { 'en-US': 'System 1 wins', de: 'System 1 gewinnt' },
    system2: { 'en-US': 'System 2 wins', de: 'System 2 gewinnt' },
    merge: { 'en-US': 'Merge both', de: 'Zusammenführen' },
    park: { 'en-US': 'Park the change', de: 'Änderung parken' },
  } satisfies Words<ConflictPolicy>,
  mentions: {
    real: { 'en-US': 'Always mention', de: 'Immer erwähnen' },
    new: { 'en-US': 'Mention, but names in a backlog', de: 'Erwähnen, in einem Rückstau nur Namen' },
    names: { 'en-US': 'Names only', de: 'Nur Namen' },
  } satisfies Words<MentionPolicy>,
  empty: {
    default: { 'en-US': 'If empty: default value', de: 'Wenn leer: Standardwert' },
    clear: { 'en-US': 'If empty: clear the field', de: 'Wenn leer: Feld leeren' },
    leave: { 'en-US': 'If empty: keep the field', de: 'Wenn leer: Feld behalten' },
    park: { 'en-US': 'If empty: park the change', de: 'Wenn leer: Änderung parken' },
  } satisfies Words<EmptyPolicy>,
  unresolved: {
    default: { 'en-US': 'If no match: default value', de: 'Ohne Entsprechung: Standardwert' },
    leave: { 'en-US': 'If no match: keep the field', de: 'Ohne Entsprechung: Feld behalten' },
    park: { 'en-US': 'If no match: park the change', de: 'Ohne Entsprechung: Änderung parken' },
  } satisfies Words<UnresolvedPolicy>,
  yesNo: { yes: { 'en-US': 'yes', de: 'ja' }, no: { 'en-US': 'no', de: 'nein' } },
  side: { 1: same('System 1'), 2: same('System 2') },
  type: {
    text: { 'en-US': 'text', de: 'Text' },
    richtext: { 'en-US': 'rich text', de: 'formatierter Text' },
    number: { 'en-US': 'number', de: 'Zahl' },
    boolean: { 'en-US': 'yes/no', de: 'ja/nein' },
    date: { 'en-US': 'date', de: 'Datum' },
    datetime: { 'en-US': 'date and time', de: 'Datum und Uhrzeit' },
    duration: { 'en-US': 'duration', de: 'Dauer' },
    lookup: { 'en-US': 'list', de: 'Liste' },
    user: { 'en-US': 'user', de: 'Benutzer' },
    reference: { 'en-US': 'reference', de: 'Verweis' },
    url: same('URL'),
  } satisfies Words<FieldType>,
  format: {
    text: same('text'),
    html: same('html'),
    markdown: same('markdown'),
    textile: same('textile'),
    'jira-wiki': same('jira-wiki'),
    adf: same('adf'),
  } satisfies Words<RichTextFormat>,
  transform: {
    automatic: { 'en-US': 'converted automatically', de: 'automatisch umgewandelt' },
    template: { 'en-US': 'template', de: 'Vorlage' },
    jsonata: { 'en-US': 'expression', de: 'Ausdruck' },
  },
};

/** Further accepted spellings, in any language: what people type if their keyboard has no arrow. */
const ALSO: Record<string, string> = {
  '<->': 'both',
  '<>': 'both',
  '⇔': 'both',
  beide: 'both',
  '->': 'forward',
  '=>': 'forward',
  '>': 'forward',
  '⇒': 'forward',
  vorwärts: 'forward',
  '<-': 'backward',
  '<=': 'backward',
  '<': 'backward',
  '⇐': 'backward',
  rückwärts: 'backward',
  zurück: 'backward',
  true: 'yes',
  wahr: 'yes',
  x: 'yes',
  '1': 'yes',
  false: 'no',
  falsch: 'no',
  '0': 'no',
  automatic: 'automatic',
  automatisch: 'automatic',
  'ausdruck (jsonata)': 'jsonata',
  'expression (jsonata)': 'jsonata',
};

/** Words of earlier versions, by key: their workbooks can still be read. */
const EARLIER: Record<string, string> = {
  'felder zuordnen': 'fields',
  'werte zuordnen': 'pairs',
  'e-mail domains': 'domains',
  vorgabewerte: 'defaults',
  abgleichen: 'syncWhen',
  write: 'applyWhen',
  schreiben: 'applyWhen',
  'wenn beide seiten geändert haben': 'conflict',
  'where that is not possible': 'fallback',
  'wo das nicht geht': 'fallback',
  'otherwise the value of the same name': 'sameName',
  'sonst der gleichnamige wert': 'sameName',
  'further pairs from': 'from',
  'weitere paare aus': 'from',
  'also on the way back, columns swapped': 'wayBack',
  'auch zurück, mit vertauschten spalten': 'wayBack',
  default: 'value',
  vorgabe: 'value',
  'when the source is empty': 'empty',
  'when the value has no counterpart': 'unresolved',
  'wenn der wert kein gegenstück hat': 'unresolved',
  'at every change of the entity': 'always',
  'bei jeder änderung der entität': 'always',
  'the newest change wins': 'newest',
  'die neueste änderung gewinnt': 'newest',
  'the changes of both are merged': 'merge',
  'die änderungen beider werden zusammengeführt': 'merge',
  'park it for a person': 'park',
  'für einen menschen zurücklegen': 'park',
  'source empty: write the default': 'default',
  'quelle leer: vorgabe schreiben': 'default',
  'source empty: empty the field, too': 'clear',
  'quelle leer: feld auch leeren': 'clear',
  'source empty: leave the field': 'leave',
  'quelle leer: feld so lassen': 'leave',
  'source empty: park the change': 'park',
  'quelle leer: änderung zurücklegen': 'park',
  'if unknown: write the default': 'default',
  'unbekannt: vorgabe schreiben': 'default',
  'if unknown: leave the field': 'leave',
  'unbekannt: feld so lassen': 'leave',
  'if unknown: park the change': 'park',
  'unbekannt: änderung zurücklegen': 'park',
  person: 'user',
  address: 'url',
  adresse: 'url',
};

/** For comparing: ignores case, the composition of accents, and extra spaces. */
export const folded = (text: string): string => text.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();

/** The key of a word in any language, or the key itself; undefined if it is none of them. */
export function meaning<Key extends string>(words: Partial<Words<Key>>, text: string): Key | undefined {
  const wanted = folded(text);
  const keys = Object.keys(words) as Key[];
  const hit =
    keys.find((key) => Object.values(words[key] ?? {}).some((word) => folded(word) === wanted)) ??
    keys.find((key) => folded(key) === wanted);
  if (hit !== undefined) return hit;
  const also = [ALSO, EARLIER].flatMap((known) => (Object.hasOwn(known, wanted) ? [known[wanted]] : []));
  return keys.find((key) => also.includes(key));
}
