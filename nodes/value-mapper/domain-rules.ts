/**
 * The part of the value mapper's form for users with another email domain in the other system: the rules, and an input
 * for trying them with an address.
 */

import type { Finding } from '../../lib/checks';
import { compileDomains, domainIssues, isDomain, plainDomain } from '../../lib/mapping/domains';
import { readDomains } from '../../lib/mapping/saved';
import type { DomainRule } from '../../lib/model/config';
import type { Direction, Side } from '../../lib/model/entity';
import type { UserValue } from '../../lib/model/values';
import { type DirectionButton, directionButton, say, words } from '../editor';
import { flash, remarkText, rowsOf, userItem } from '../editor/mapping';

export interface DomainRulesOptions {
  container: JQuery;
  rules: DomainRule[];
  text: (key: string, variables?: Record<string, unknown>) => string;
  systemName: (side: Side) => string;
  /** the single user of a side with this email, if any. @throws MetadataError */
  find: (side: Side, email: string) => Promise<UserValue | undefined>;
  onChange: () => void;
}

interface RuleRow {
  rule?: DomainRule;
  one?: JQuery;
  two?: JQuery;
  direction?: DirectionButton;
  issues?: JQuery;
}

const SIDES: Side[] = [1, 2];

export class DomainRules {
  private readonly options: DomainRulesOptions;
  private readonly list = $('<ol>');
  private readonly head = $('<div class="twinflow-head">');
  private readonly address: JQuery;
  private readonly way = $('<select>');
  private readonly tried = $('<div class="twinflow-fit twinflow-message" role="status" aria-live="polite">');
  /** counts the tries: a late answer to an earlier one is ignored */
  private asked = 0;

  constructor(options: DomainRulesOptions) {
    this.options = options;
    const { container, text } = options;
    container.append(
      $('<b>').text(text('domains.label')),
      $('<p class="twinflow-fit twinflow-message">').text(text('domains.hint')),
      $('<div class="form-row twinflow-list">').append(this.list),
    );
    this.buildList();
    this.address = $('<input type="text" autocomplete="off" spellcheck="false">').attr({
      id: 'twinflow-values-try',
      placeholder: text('domains.example'),
    });
    this.way.attr('aria-label', text('domains.way'));
    const label = $('<label for="twinflow-values-try" style="width: auto; margin: 0">').text(text('domains.try'));
    container.append($('<div class="twinflow-bar">').append(label, this.address, this.way), this.tried);
    for (const way of ['forward', 'backward'] satisfies Direction[])
      $('<option>').attr('value', way).appendTo(this.way);
    this.way.on('change', () => this.tryAddress());
    this.address.on('change', () => this.tryAddress());
    this.address.on('keydown', (event) => {
      // otherwise Enter would press the form's first button
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.tryAddress();
    });
    this.names();
    this.check();
  }

  private buildList(): void {
    const { text, rules } = this.options;
    this.list.editableList<RuleRow>({
      addButton: text('domains.add'),
      header: this.head,
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        const line = $('<div class="twinflow-row">').appendTo(container);
        row.one = this.input(line, 1, row.rule?.one);
        row.direction = directionButton(line, row.rule?.direction ?? 'both', () => this.changed());
        row.two = this.input(line, 2, row.rule?.two);
        row.issues = $('<div class="twinflow-issues" aria-live="polite">').appendTo(container);
        if (row.rule === undefined) setTimeout(() => row.one?.trigger('focus'), 0);
      },
      removeItem: () => this.changed(),
      sortItems: () => this.changed(),
    });
    this.add(rules);
  }

  private add(rules: DomainRule[]): void {
    this.list.editableList(
      'addItems',
      rules.map((rule): RuleRow => ({ rule })),
    );
  }

  /** Replaces the current rules. */
  set(rules: DomainRule[]): void {
    this.list.editableList('empty');
    this.add(rules);
    this.changed();
  }

  private input(line: JQuery, side: Side, value = ''): JQuery {
    const { text } = this.options;
    const label = text('domains.of', { side });
    return $('<input type="text" class="twinflow-domain" autocomplete="off" spellcheck="false">')
      .attr({ 'aria-label': label, placeholder: text(`domains.placeholder${side}`) })
      .val(value)
      .on('input', () => this.changed())
      .on('keydown', (event) => {
        if (event.key === 'Enter') event.preventDefault();
      })
      .appendTo(line);
  }

  /** The systems' names may have changed. */
  names(): void {
    const { systemName, text } = this.options;
    this.head.empty();
    const name = (side: Side): JQuery => $('<span>').text(text('domains.head', { system: systemName(side) }));
    this.head.append(name(1), $('<span class="twinflow-head-gap">'), name(2));
    const [one, two] = SIDES.map(systemName);
    this.way.children().eq(0).text(`${one} → ${two}`);
    this.way.children().eq(1).text(`${two} → ${one}`);
  }

  /** The rules in their saved form: without empty rows. */
  value(): DomainRule[] {
    return readDomains(this.all().filter(({ one, two }) => one !== '' || two !== ''));
  }

  /** One for each row. */
  private all(): DomainRule[] {
    const typed = (input: JQuery | undefined): string => plainDomain(String(input?.val() ?? ''));
    return rowsOf<RuleRow>(this.list).map(({ one, two, direction }) => ({
      ...{ one: typed(one), two: typed(two), direction: direction?.value() ?? 'both' },
    }));
  }

  /** @param rule its index in `value` */
  reveal(rule: number): void {
    const filled = rowsOf<RuleRow>(this.list).filter(({ one, two }) => one?.val() !== '' || two?.val() !== '');
    const input = filled[rule]?.one;
    if (input === undefined) return;
    input[0]?.scrollIntoView({ block: 'center' });
    input.trigger('focus');
    flash(input);
  }

  private changed(): void {
    this.check();
    if (this.address.val() !== '') this.tryAddress();
    this.options.onChange();
  }

  private check(): void {
    const rules = this.all();
    const issues = domainIssues(rules);
    for (const [place, row] of rowsOf<RuleRow>(this.list).entries()) {
      const isEmpty = rules[place]?.one === '' && rules[place]?.two === '';
      const here = isEmpty ? [] : issues.filter(({ rule }) => rule === place);
      row.issues?.empty();
      for (const { level, code, round } of here) {
        const finding: Finding = { level, code, label: '', names: round ? { round: round.join(' → ') } : {} };
        $('<div>')
          .addClass(level === 'error' ? 'twinflow-error' : 'twinflow-warn')
          .text(remarkText(finding))
          .appendTo(row.issues ?? $());
      }
      for (const input of [row.one, row.two]) {
        const text = plainDomain(String(input?.val() ?? ''));
        const bad = here.some(({ level }) => level === 'error') && !isDomain(text);
        input?.toggleClass('input-error', bad).attr('aria-invalid', String(bad));
      }
    }
  }

  /** The converted address, and its user in the other system. */
  private tryAddress(): void {
    const { text, find, systemName } = this.options;
    const email = String(this.address.val() ?? '').trim();
    this.asked += 1;
    const asked = this.asked;
    if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
      say(this.tried, 'warning', email === '' ? '' : text('domains.noAddress'));
      return;
    }
    const direction: Direction = this.way.val() === 'backward' ? 'backward' : 'forward';
    const side: Side = direction === 'forward' ? 2 : 1;
    const candidates = [...compileDomains(this.value(), direction)(email), email];
    const isCurrent = (): boolean => this.asked === asked && this.tried[0]?.isConnected === true;
    const [first = email] = candidates;
    say(this.tried, 'plain', text(candidates.length > 1 ? 'domains.becomes' : 'domains.stays', { email: first }));
    const look = async (): Promise<void> => {
      for (const address of candidates) {
        const person = await find(side, address);
        if (!isCurrent()) return;
        if (person === undefined) continue;
        say(
          this.tried,
          'good',
          text('domains.found', { email: address, name: userItem(person).name, system: systemName(side) }),
        );
        return;
      }
      say(this.tried, 'warning', text('domains.nobody', { list: candidates.join(', '), system: systemName(side) }));
    };
    look().catch((thrown: unknown) => {
      if (isCurrent()) say(this.tried, 'plain', `${text('domains.becomes', { email: first })} ${words(thrown)}`);
    });
  }
}
