/** What of a pair's parts goes over where no mapper handles them: a list to read, in the integration's tab "Content". */

import { type StandardLine, standardLines } from '../../lib/mapping/standard-rows';
import type { Direction, Field, Side } from '../../lib/model/entity';
import { nodesOf, words } from '../editor';

/** Texts below `integration.content.fields.`; show them with `.text()`, never as HTML. */
type Say = (key: string, variables?: Record<string, unknown>) => string;

export interface PartFieldsInput {
  node: EditorNode;
  /** id of the pair: mappers name it */
  pair: string;
  fields(side: Side): Promise<Field[]>;
  systemName(side: Side): string;
  /** the pair's direction as it is chosen now */
  direction(): 'both' | Direction;
}

const ARROW = { both: '↔', forward: '→', backward: '←' } as const;

export class PartFields {
  readonly element: JQuery;
  private readonly body = $('<div>');

  constructor(private readonly input: PartFieldsInput) {
    const summary = $('<summary>').text(this.say('title'));
    this.element = $('<details class="twinflow-part-fields">').append(summary, this.body);
    // what it shows may have changed since it was last open
    this.element.on('toggle', () => {
      if (this.element.prop('open') === true) void this.load();
    });
  }

  private readonly say: Say = (key, variables) => this.input.node._(`integration.content.fields.${key}`, variables);

  private async load(): Promise<void> {
    const { fields } = this.input;
    this.body.text(this.say('loading'));
    try {
      const [one, two] = await Promise.all([fields(1), fields(2)]);
      this.body.empty().append(...this.mappers(), this.table(standardLines(byId(one), byId(two))));
    } catch (thrown) {
      this.body.text(words(thrown));
    }
  }

  private mappers(): JQuery[] {
    const { node, pair } = this.input;
    const mappers = nodesOf(node.id, 'twinflow-field-mapper').filter(
      ({ pairs }) => Array.isArray(pairs) && pairs.includes(pair),
    );
    if (mappers.length === 0) return [];
    const names = mappers.map((mapper) => RED.utils.getNodeLabel(mapper, mapper.type)).join(', ');
    return [$('<p class="twinflow-intro">').text(this.say('mapped', { names }))];
  }

  private table(lines: StandardLine[]): JQuery {
    const { systemName, direction } = this.input;
    const heads = [systemName(1), '', systemName(2), ''].map((text) => $('<th scope="col">').text(text));
    const chosen = direction();
    const rows = lines.map(({ one, two, ways }) => {
      const left = ways.filter((way) => chosen === 'both' || chosen === way);
      const arrow = left.length === 2 ? ARROW.both : left[0] ? ARROW[left[0]] : '';
      const cells = [one?.name ?? '–', arrow, two?.name ?? '–', this.why({ one, two, ways })];
      return $('<tr>')
        .toggleClass('twinflow-part-idle', left.length === 0)
        .append(cells.map((text, column) => $(column === 0 ? '<th scope="row">' : '<td>').text(text)));
    });
    return $('<table>').append($('<thead>').append($('<tr>').append(...heads)), $('<tbody>').append(...rows));
  }

  /** Why a field stays behind, or goes one way only; '' if there is nothing to say. */
  private why({ one, two, ways }: Omit<StandardLine, 'id'>): string {
    const { systemName } = this.input;
    if (!one || !two) return this.say('missing', { system: systemName(one ? 2 : 1) });
    if (ways.length === 2) return '';
    const target: Side = ways.includes('forward') ? 1 : 2;
    return ways.length === 0 ? this.say('readOnly') : this.say('readOnlyIn', { system: systemName(target) });
  }
}

const byId = (fields: Field[]): Map<string, Field> => new Map(fields.map((field) => [field.id, field]));
