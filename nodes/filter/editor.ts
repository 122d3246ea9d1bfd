/** The form of the filter: which items of one side are synced. */

import { isComplete, type Rule } from '../../lib/mapping/conditions';
import { readConditions, readPairs } from '../../lib/mapping/saved';
import type { Side } from '../../lib/model/entity';
import {
  fillSelect,
  input,
  kept,
  knownVersion,
  leaveUntouched,
  offerOnlyIntegration,
  rememberInputs,
  say,
  showsNewer,
  takeOnlyIntegration,
  watchSaved,
  words,
} from '../editor';
import {
  addMappingStyle,
  browserCheck,
  foldTop,
  isShown,
  MappingScope,
  somePairs,
  soon,
  withoutLengths,
} from '../editor/mapping';
import { PreviewPanel } from '../editor/preview';
import { QueryView } from './query-view';
import { fillModes, modeOf, RuleList } from './rule-list';

interface FilterProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  side: '1' | '2';
  by: 'conditions' | 'query' | 'expression';
  mode: 'all' | 'any' | 'none';
  conditions: Rule[];
  expression: string;
  query: string;
  kinds: 'both' | 'create' | 'update';
  matchCase: boolean;
  live: boolean;
  outputs: number;
  version: number;
}

type FilterNode = EditorNode & FilterProperties;

const PREFIX = 'node-input';
const SIDES: Side[] = [1, 2];

/** The open form. */
class FilterForm {
  private readonly node: FilterNode;
  private readonly scope: MappingScope;
  private readonly list = $('#twinflow-filter-conditions');
  private readonly rules: RuleList;
  private readonly expressionInput = $('#twinflow-filter-expression');
  private readonly queryView: QueryView;
  private shownSide: Side = 1;
  private readonly check = soon(this.list, () => this.showState());

  constructor(node: FilterNode) {
    this.node = node;
    this.scope = new MappingScope({
      container: $('#twinflow-filter-scope'),
      pairs: readPairs(node.pairs),
      onChange: () => this.load(),
    });
    input(PREFIX, 'side').on('change', () => {
      // the editor triggers `change` on every input once the form is ready
      if (this.side() === this.shownSide) return;
      this.shownSide = this.side();
      // the other side has other fields
      this.rules.empty();
      this.load();
    });
    this.rules = new RuleList(this.list, {
      node,
      scope: this.scope,
      side: () => this.side(),
      onChange: this.check,
    });
    fillModes(input(PREFIX, 'mode'), node, modeOf(node.mode));
    // flows from before there was a choice
    if (node.kinds === undefined) input(PREFIX, 'kinds').val('both');
    for (const property of ['mode', 'outputs', 'kinds']) input(PREFIX, property).on('change', this.check);
    input(PREFIX, 'by').on('change', () => this.showBy());
    this.expressionInput.typedInput({ default: 'jsonata', types: ['jsonata'] });
    this.expressionInput.typedInput('width', '100%');
    this.expressionInput.typedInput('value', typeof node.expression === 'string' ? node.expression : '');
    this.expressionInput.on('change', this.check);
    const host = { node, scope: this.scope, side: () => this.side() };
    this.queryView = new QueryView(host, typeof node.query === 'string' ? node.query : '', this.check);
    $('#twinflow-filter-live').val(node.live === true ? 'live' : 'sticky');
    this.labelSides();
    this.shownSide = node.side === '2' ? 2 : 1;
    input(PREFIX, 'side').val(String(this.shownSide));
    this.rules.add(readConditions(node.conditions));
    this.showBy();
    this.load();
    const preview = $('#twinflow-filter-preview');
    foldTop({ scope: this.scope, scopeBox: $('#twinflow-filter-scope'), preview });
  }

  side(): Side {
    return input(PREFIX, 'side').val() === '2' ? 2 : 1;
  }

  private labelSides(): void {
    const select = input(PREFIX, 'side');
    const before = String(select.val() ?? '1');
    fillSelect(
      select,
      SIDES.map((side) => ({
        value: String(side),
        label: this.node._('filter.side', { system: this.scope.systemLabel(side) }),
      })),
      before === '2' ? '2' : '1',
    );
  }

  conditions(): Rule[] {
    return this.rules.value();
  }

  expression(): string {
    return String(this.expressionInput.typedInput('value'));
  }

  query(): string {
    return this.queryView.value();
  }

  private by(): FilterProperties['by'] {
    const by = input(PREFIX, 'by').val();
    return by === 'expression' || by === 'query' ? by : 'conditions';
  }

  private showBy(): void {
    const by = this.by();
    $('.twinflow-filter-by-conditions').toggle(by === 'conditions');
    $('.twinflow-filter-by-query').toggle(by === 'query');
    $('.twinflow-filter-by-expression').toggle(by === 'expression');
    this.queryView.refresh(by === 'query');
    this.check();
  }

  pairs(): 'all' | string[] {
    return this.scope.pairs();
  }

  /** The node's properties in the form's current state. */
  state(): Record<string, unknown> {
    return {
      conditions: this.conditions(),
      pairs: this.pairs(),
      live: this.live(),
      side: String(this.side()),
      by: input(PREFIX, 'by').val(),
      mode: input(PREFIX, 'mode').val(),
      expression: this.expression(),
      query: this.query(),
      kinds: input(PREFIX, 'kinds').val(),
      matchCase: input(PREFIX, 'matchCase').prop('checked') === true,
      outputs: Number(input(PREFIX, 'outputs').val()),
    };
  }

  live(): boolean {
    return $('#twinflow-filter-live').val() === 'live';
  }

  private load(): void {
    this.labelSides();
    for (const view of this.rules.views()) view.reload();
    const side = this.side();
    this.queryView.refresh(this.by() === 'query');
    const note = $('#twinflow-filter-failed');
    say(note, 'plain', '');
    this.scope.fields(side).then(
      () => {
        if (!isShown(this.list)) return;
        for (const view of this.rules.views()) view.refresh();
      },
      (thrown: unknown) => say(note, 'warning', `${this.scope.systemLabel(side)}: ${words(thrown)}`),
    );
    this.showState();
  }

  private showState(): void {
    const note = $('#twinflow-filter-note');
    if (this.by() === 'query') {
      say(
        note,
        this.query().trim() === '' ? 'bad' : 'plain',
        this.node._(`filter.note.${this.query().trim() === '' ? 'noQuery' : 'query'}`),
      );
      return;
    }
    if (this.by() === 'expression') {
      const fault = this.expression().trim() === '' ? undefined : browserCheck.fault(this.expression());
      if (fault !== undefined) say(note, 'bad', fault);
      else say(note, 'plain', this.node._('filter.note.expression'));
      return;
    }
    const views = this.rules.views();
    const open = views.filter((view) => !isEntered(view.value())).length;
    if (views.length === 0) say(note, 'plain', this.node._('filter.note.empty'));
    else if (open > 0) say(note, 'bad', this.node._('filter.note.incomplete', { count: open }));
    else say(note, 'plain', '');
  }
}

const isEntered = (rule: Rule | undefined): boolean => rule !== undefined && isComplete(rule);

let form: FilterForm | undefined;

watchSaved('twinflow-filter');

RED.nodes.registerType<FilterProperties>('twinflow-filter', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'filter.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: { value: 'all', validate: somePairs },
    side: { value: '1' },
    by: { value: 'conditions' },
    mode: { value: 'all' },
    conditions: {
      value: [],
      validate(value, _options) {
        return readConditions(value).every(isComplete) || this._('filter.invalid.conditions');
      },
    },
    expression: {
      value: '',
      validate(value, _options) {
        const fault = typeof value === 'string' && value.trim() !== '' ? browserCheck.fault(value) : undefined;
        return fault === undefined || this._('filter.invalid.expression', { fault });
      },
    },
    query: {
      value: '',
      validate(value, _options) {
        return (
          this.by !== 'query' || (typeof value === 'string' && value.trim() !== '') || this._('filter.note.noQuery')
        );
      },
    },
    kinds: { value: 'both' },
    matchCase: { value: false },
    live: { value: false },
    outputs: { value: 1 },
    version: { value: 2, validate: knownVersion('twinflow-filter') },
  },
  label() {
    return this.name || this._('filter.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('filter.paletteLabel');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'filter.port.passed' : 'filter.port.rest');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-filter', this)) return;
    offerOnlyIntegration(this);
    addMappingStyle();
    const opened = new FilterForm(this);
    form = opened;
    const preview = { node: this, container: $('#twinflow-filter-preview'), side: () => opened.side() };
    new PreviewPanel({ ...preview, form: () => opened.state() });
    rememberInputs(this, PREFIX);
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const before = [this.conditions, this.pairs, this.live, this.expression, this.query];
    this.expression = kept(this.expression, form.expression(), (text) => text ?? '');
    this.query = kept(this.query, form.query(), (text) => text ?? '');
    this.conditions = kept(this.conditions, form.conditions(), withoutLengths(readConditions));
    this.pairs = kept(this.pairs, form.pairs(), readPairs);
    this.live = kept(this.live, form.live(), (live) => live === true);
    leaveUntouched(this, PREFIX);
    form = undefined;
    const now = [this.conditions, this.pairs, this.live, this.expression, this.query];
    return now.some((one, place) => one !== before[place]) || undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
