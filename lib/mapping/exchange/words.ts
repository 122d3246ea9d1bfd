/**
 * The words of a mapping's workbook: its sheets, columns and choices, as the forms call them. A workbook is written in one
 * language and read in any: files go from one person's editor to another's.
 */

import type { ApplyWhen, ConflictPolicy, EmptyPolicy, SyncWhen, UnresolvedPolicy } from '../../model/config';
import type { DirectionSetting } from '../../model/entity';
import type { FieldType, RichTextFormat } from '../../model/values';

export type Language = 'en-US' | 'de';

/** The language of an editor: its own where there is one, else English. */
export const languageOf = (tag: string): Language => (/^de\b/i.test(tag) ? 'de' : 'en-US');

type Word = Record<Language, string>;
type Words<Key extends string> = Record<Key, Word>;

const same = (text: string): Word => ({ 'en-US': text, de: text });

export type SheetKey = 'about' | 'fields' | 'tables' | 'pairs' | 'domains' | 'defaults' | 'list' | 'words';

export const SHEETS: Words<SheetKey> = {
  about: { 'en-US': 'Mapping', de: 'Zuordnung' },
  fields: { 'en-US': 'Field mapper', de: 'Felder zuordnen' },
  tables: { 'en-US': 'Value tables', de: 'Wertetabellen' },
  pairs: { 'en-US': 'Value mapper', de: 'Werte zuordnen' },
  domains: { 'en-US': 'E-mail domains', de: 'E-Mail-Domains' },
  defaults: { 'en-US': 'Default mapper', de: 'Vorgabewerte' },
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
  syncWhen: { 'en-US': 'Sync when', de: 'Abgleichen' },
  applyWhen: { 'en-US': 'Write', de: 'Schreiben' },
  conflict: { 'en-US': 'If both sides changed', de: 'Wenn beide Seiten geändert haben' },
  fallback: { 'en-US': 'Where that is not possible', de: 'Wo das nicht geht' },
  constant: { 'en-US': 'Constant', de: 'Fester Wert' },
  more: { 'en-US': 'More (JSON)', de: 'Weiteres (JSON)' },
  value1: { 'en-US': 'System 1 value', de: 'Wert von System 1' },
  value2: { 'en-US': 'System 2 value', de: 'Wert von System 2' },
  ignoreCase: { 'en-US': 'ignore case', de: 'Groß/klein egal' },
  sameName: { 'en-US': 'otherwise the value of the same name', de: 'sonst der gleichnamige Wert' },
  from: { 'en-US': 'Further pairs from', de: 'Weitere Paare aus' },
  sheet: { 'en-US': 'Sheet', de: 'Blatt' },
  column1: { 'en-US': 'Column of System 1', de: 'Spalte von System 1' },
  column2: { 'en-US': 'Column of System 2', de: 'Spalte von System 2' },
  wayBack: { 'en-US': 'also on the way back, columns swapped', de: 'auch zurück, mit vertauschten Spalten' },
  side: { 'en-US': 'System of the field', de: 'System des Feldes' },
  field: { 'en-US': 'Field', de: 'Feld' },
  value: { 'en-US': 'Default', de: 'Vorgabe' },
  empty: { 'en-US': 'When the source is empty', de: 'Wenn die Quelle leer ist' },
  domain1: { 'en-US': 'Domain of system 1', de: 'Domain in System 1' },
  domain2: { 'en-US': 'Domain of system 2', de: 'Domain in System 2' },
  unresolved: { 'en-US': 'When the value has no counterpart', de: 'Wenn der Wert kein Gegenstück hat' },
  id: same('Id'),
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
    always: { 'en-US': 'at every change of the entity', de: 'bei jeder Änderung der Entität' },
  } satisfies Words<ApplyWhen>,
  conflict: {
    newest: { 'en-US': 'the newest change wins', de: 'die neueste Änderung gewinnt' },
    system1: { 'en-US': 'System 1 wins', de: 'System 1 gewinnt' },
    system2: { 'en-US': 'System 2 wins', de: 'System 2 gewinnt' },
    merge: {
      'en-US': 'the changes of both are merged',
      de: 'die Änderungen beider werden zusammengeführt',
    },
    park: { 'en-US': 'park it for a person', de: 'für einen Menschen zurücklegen' },
  } satisfies Words<ConflictPolicy>,
  empty: {
    default: { 'en-US': 'source empty: write the default', de: 'Quelle leer: Vorgabe schreiben' },
    clear: { 'en-US': 'source empty: empty the field, too', de: 'Quelle leer: Feld auch leeren' },
    leave: { 'en-US': 'source empty: leave the field', de: 'Quelle leer: Feld so lassen' },
    park: { 'en-US': 'source empty: park the change', de: 'Quelle leer: Änderung zurücklegen' },
  } satisfies Words<EmptyPolicy>,
  unresolved: {
    default: { 'en-US': 'if unknown: write the default', de: 'unbekannt: Vorgabe schreiben' },
    leave: { 'en-US': 'if unknown: leave the field', de: 'unbekannt: Feld so lassen' },
    park: { 'en-US': 'if unknown: park the change', de: 'unbekannt: Änderung zurücklegen' },
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
    user: { 'en-US': 'person', de: 'Person' },
    reference: { 'en-US': 'reference', de: 'Verweis' },
    url: { 'en-US': 'address', de: 'Adresse' },
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

/** What else is understood, whatever the language: what people type when they have no arrow at hand. */
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

/** As compared: without regard to case, accents' composition, and spaces around or doubled. */
export const folded = (text: string): string => text.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();

/** The key behind a word, in whichever language, or the key itself; undefined where it is none of them. */
export function meaning<Key extends string>(words: Partial<Words<Key>>, text: string): Key | undefined {
  const wanted = folded(text);
  const keys = Object.keys(words) as Key[];
  const hit =
    keys.find((key) => Object.values(words[key] ?? {}).some((word) => folded(word) === wanted)) ??
    keys.find((key) => folded(key) === wanted);
  if (hit !== undefined) return hit;
  const also = Object.hasOwn(ALSO, wanted) ? ALSO[wanted] : undefined;
  return keys.find((key) => key === also);
}
