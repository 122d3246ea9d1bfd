/** The integration form's tab "Content": which parts of items are synced, for each type pair. */

import { DELETION_POLICIES, type DeletionPolicy, type PartPair } from '../../lib/model/config';
import { type EntityType, type Field, PART_ROLES, type PartRole, type Side } from '../../lib/model/entity';
import { atSide } from '../../lib/model/sides';
import { type DirectionButton, directionButton, type Pair, say, t, words } from '../editor';
import { CommentRules } from './comment-rules';
import { FileRules } from './file-rules';
import { PartFields } from './part-fields';
import type { PartRules } from './policies';

/** A pair of part types with the same role that both systems have. */
interface Offer {
  role: PartRole;
  one: EntityType;
  two: EntityType;
}

interface Line {
  saved: PartPair;
  tick: JQuery;
  direction: DirectionButton;
  deletions: JQuery;
  /** for comments and attachments only */
  rules?: PartRules<PartPair>;
}

/** What the tab asks the systems. */
export interface ContentSystems {
  /** the types of parts of a side */
  parts(side: Side): Promise<EntityType[]>;
  /** the fields of parts of this type */
  fields(side: Side, type: string): Promise<Field[]>;
  name(side: Side): string;
}

export class ContentTab {
  private readonly place = $('#twinflow-integration-parts');
  /** the selection, by the type pair's id: kept while the tab is drawn again, and for pairs that cannot be drawn */
  private readonly chosen: Map<string, PartPair[]>;
  private drawn = 0;
  /** drawn lines, by the type pair's id */
  private lines = new Map<string, Line[]>();

  /**
   * @param pairs the type pairs as they stand in the form
   */
  constructor(
    private readonly node: EditorNode,
    saved: readonly { id: string; parts?: PartPair[] }[],
    private readonly pairs: () => Required<Pair>[],
    private readonly systems: ContentSystems,
  ) {
    this.chosen = new Map(saved.map(({ id, parts: its = [] }) => [id, its]));
  }

  /** The parts selected for a type pair. */
  of(pair: string): PartPair[] {
    this.keep();
    return this.chosen.get(pair) ?? [];
  }

  /** Draws the systems' current options. */
  show(): void {
    this.keep();
    this.lines.clear();
    this.drawn += 1;
    const turn = this.drawn;
    const pairs = this.pairs();
    if (pairs.length === 0) {
      say(this.place, 'plain', this.node._('integration.content.noPairs'));
      return;
    }
    say(this.place, 'plain', t('select.loading'));
    Promise.all([this.systems.parts(1), this.systems.parts(2)]).then(
      ([one, two]) => {
        if (turn === this.drawn) this.draw(pairs, one, two);
      },
      (thrown: unknown) => {
        if (turn === this.drawn) say(this.place, 'bad', words(thrown));
      },
    );
  }

  private draw(pairs: Required<Pair>[], one: EntityType[], two: EntityType[]): void {
    this.place.empty();
    for (const pair of pairs) {
      const section = $('<fieldset class="twinflow-parts">').appendTo(this.place);
      $('<legend>').text(`${pair.one.name} ↔ ${pair.two.name}`).appendTo(section);
      const offers = offersOf(pair, one, two);
      if (offers.length === 0)
        $('<p class="twinflow-intro">').text(this.node._('integration.content.none')).appendTo(section);
      this.lines.set(
        pair.id,
        offers.map((offer) => this.line(section, pair, offer)),
      );
    }
  }

  private line(section: JQuery, pair: Required<Pair>, { role, one, two }: Offer): Line {
    const { node } = this;
    const known = this.chosen.get(pair.id)?.find((part) => part.role === role);
    const saved: PartPair = known ?? {
      id: RED.nodes.id(),
      role,
      one: { id: one.id, name: one.name },
      two: { id: two.id, name: two.name },
      direction: pair.direction,
    };
    const row = $('<div class="twinflow-row">').appendTo(section);
    const tick = $('<input type="checkbox" class="twinflow-inline">').prop('checked', known !== undefined);
    const name = node._(`integration.content.${role}`);
    $('<label style="flex: 1 1 0; width: auto">').append(tick, $('<span>').text(name)).appendTo(row);
    const direction = directionButton(row, saved.direction);
    const deletions = $('<select style="width: auto; max-width: 55%">').attr(
      'aria-label',
      node._('integration.content.deletions'),
    );
    for (const policy of DELETION_POLICIES) {
      $('<option>')
        .val(policy)
        .text(node._(`integration.content.delete.${policy}`))
        .appendTo(deletions);
    }
    deletions.val(saved.deletions ?? 'original').appendTo(row);
    const rules = rulesOf(section, node, saved);
    const shown = new PartFields({
      ...{ node, pair: saved.id },
      fields: (side) => this.systems.fields(side, (side === 1 ? one : two).id),
      systemName: (side) => this.systems.name(side),
      direction: () => direction.value(),
    });
    section.append(shown.element);
    const enable = (): void => {
      const isOff = tick.prop('checked') !== true;
      shown.element.toggle(!isOff);
      rules?.show(!isOff);
      direction.element.add(deletions).prop('disabled', isOff).attr('aria-disabled', String(isOff));
    };
    tick.on('change', enable);
    enable();
    return { saved, tick, direction, deletions, ...(rules && { rules }) };
  }

  /** The current content of the lines. */
  private keep(): void {
    for (const [pair, lines] of this.lines) {
      const parts = lines.flatMap(({ saved, tick, direction, deletions, rules }): PartPair[] => {
        if (tick.prop('checked') !== true) return [];
        const { deletions: before, ...part } = saved;
        const policy = policyOf(deletions.val());
        // properties that an older flow does not have stay absent while they have their default
        const its = policy === 'original' && before === undefined ? {} : { deletions: policy };
        const chosen = { ...part, direction: direction.value(), ...its };
        return [rules ? rules.of(chosen) : chosen];
      });
      // other roles were saved by a later version, or for types that the systems do not show now
      const drawn = new Set(lines.map(({ saved }) => saved.role));
      const others = (this.chosen.get(pair) ?? []).filter(({ role }) => !drawn.has(role));
      this.chosen.set(pair, [...parts, ...others]);
    }
  }
}

function rulesOf(section: JQuery, node: EditorNode, saved: PartPair): PartRules<PartPair> | undefined {
  if (saved.role === 'comment') return new CommentRules(section, node, saved);
  return saved.role === 'attachment' ? new FileRules(section, node, saved) : undefined;
}

const policyOf = (value: unknown): DeletionPolicy => DELETION_POLICIES.find((policy) => policy === value) ?? 'original';

/** Of each role the first type that goes with the pair's items, on both sides. */
function offersOf(pair: Required<Pair>, one: EntityType[], two: EntityType[]): Offer[] {
  const typeOf = (side: Side, role: PartRole): EntityType | undefined => {
    const owner = atSide(pair, side).id;
    return atSide([one, two] as const, side).find((type) => type.role === role && type.partOf?.includes(owner));
  };
  return PART_ROLES.flatMap((role) => {
    const [first, second] = [typeOf(1, role), typeOf(2, role)];
    return first && second ? [{ role, one: first, two: second }] : [];
  });
}
