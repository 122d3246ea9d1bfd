/** The system's own query in the filter's form: checked against the system while it is edited. */

import type { Side } from '../../lib/model/entity';
import { checkQuery, type QueryInfo, say, words } from '../editor';
import { isShown, type MappingScope, soon } from '../editor/mapping';

export interface QueryHost {
  node: EditorNode;
  scope: MappingScope;
  side: () => Side;
}

export class QueryView {
  private readonly input = $('#twinflow-filter-query');
  private readonly language = $('#twinflow-filter-language');
  private readonly note = $('#twinflow-filter-hits');
  private readonly check: () => void;
  /** answers to earlier questions are ignored */
  private asked = 0;
  private isUsed = false;

  constructor(
    private readonly host: QueryHost,
    query: string,
    onChange: () => void,
  ) {
    this.check = soon(this.input, () => this.ask());
    this.input.val(query).on('input', () => {
      onChange();
      this.check();
    });
  }

  value(): string {
    return String(this.input.val() ?? '');
  }

  /** Called when it is shown or hidden, and when system or pairs have changed. */
  refresh(isUsed: boolean): void {
    this.isUsed = isUsed;
    this.ask();
  }

  private ask(): void {
    const turn = ++this.asked;
    if (!this.isUsed) return;
    const { node, scope, side } = this.host;
    const { draft, projects, types } = scope.read(side());
    const query = this.value().trim();
    say(this.note, 'plain', query === '' ? '' : node._('filter.query.asking'));
    checkQuery(draft, query, { projects, types }).then(
      (info) => {
        if (turn === this.asked && isShown(this.input)) this.show(info, query);
      },
      (thrown: unknown) => {
        if (turn === this.asked && isShown(this.input)) say(this.note, 'bad', words(thrown));
      },
    );
  }

  private show({ language, example, hits }: QueryInfo, query: string): void {
    const { node, scope, side } = this.host;
    this.language.text(language ?? node._('filter.label.query'));
    if (language === undefined) {
      say(this.note, 'bad', node._('filter.query.none', { system: scope.systemLabel(side()) }));
      return;
    }
    if (query === '' || !hits) {
      say(this.note, 'plain', node._('filter.query.example', { example }));
      return;
    }
    const { count, about, first } = hits;
    say(this.note, 'good', node._(about ? 'filter.query.about' : 'filter.query.found', { count }));
    if (first.length === 0) return;
    const list = $('<ul>').appendTo(this.note);
    for (const { key, title } of first)
      $('<li>')
        .text(title === '' ? key : `${key} ${title}`)
        .appendTo(list);
  }
}
