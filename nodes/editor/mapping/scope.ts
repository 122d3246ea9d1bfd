/**
 * The scope of a mapper form: the integration, the type pairs that the node handles and, because fields belong to a
 * type in a project, the pair from which the form reads the fields.
 */

import { backlinkFields } from '../../../lib/engine/backlink-fields';
import type { KnownFields } from '../../../lib/mapping/coverage';
import type { ProjectPair, TypePair } from '../../../lib/model/config';
import type { Field, Side } from '../../../lib/model/entity';
import { atSide } from '../../../lib/model/sides';
import type { LookupValue, UserValue } from '../../../lib/model/values';
import { fields, integration, lookupValues, MetadataError, nodeId, type SystemDraft, systemsOf, users } from '../index';
import { m } from './text';

export interface ScopeOptions {
  /** an empty element that receives the inputs */
  container: JQuery;
  pairs: 'all' | string[];
  /** the integration, its pairs or the fields' pair changed: all fields are different */
  onChange: () => void;
}

interface Place {
  drafts: [SystemDraft | undefined, SystemDraft | undefined];
  project: ProjectPair;
  type: TypePair;
}

const arrow = { both: '↔', forward: '→', backward: '←' } as const;
const pairName = (pair: ProjectPair | TypePair): string => `${pair.one.name} ${arrow[pair.direction]} ${pair.two.name}`;

export class MappingScope {
  private readonly options: ScopeOptions;
  private readonly typesBox = $('<div class="twinflow-checks" role="group">');
  private readonly place = $('<select>');
  private readonly placeRow: JQuery;
  private chosen: 'all' | Set<string>;
  private readonly loaded: Record<Side, ReadonlyMap<string, Field> | undefined> = { 1: undefined, 2: undefined };
  private readonly input = $('#node-input-integration');

  constructor(options: ScopeOptions) {
    this.options = options;
    this.chosen = options.pairs === 'all' ? 'all' : new Set(options.pairs);
    const typesLabel = $('<label>').append('<i class="fa fa-clone"></i> ', $('<span>').text(m('scope.types')));
    this.typesBox.attr('aria-label', m('scope.types'));
    this.place.attr('id', 'twinflow-scope-place');
    const placeLabel = $('<label for="twinflow-scope-place">').append(
      '<i class="fa fa-list-ul"></i> ',
      $('<span>').text(m('scope.place')),
    );
    this.placeRow = $('<div class="form-row">').append(placeLabel, ' ', this.place.css('width', '70%'));
    options.container.append($('<div class="form-row">').append(typesLabel, ' ', this.typesBox), this.placeRow);
    this.place.on('change', () => this.changed());
    this.input.on('change', () => {
      this.draw();
      this.changed();
    });
    this.draw();
  }

  integrationId(): string | undefined {
    return nodeId(this.input.val());
  }

  pairs(): 'all' | string[] {
    return this.chosen === 'all' ? 'all' : [...this.chosen];
  }

  /** The system's name for a heading: "System 1 (Jira)". */
  systemLabel(side: Side): string {
    const name = systemsOf(this.integrationId())[side - 1]?.name;
    return name === undefined ? m('scope.system', { side }) : `${m('scope.system', { side })} (${name})`;
  }

  /** The system's name alone, if there is one: for the heading of a narrow column. */
  systemName(side: Side): string {
    return systemsOf(this.integrationId())[side - 1]?.name ?? m('scope.system', { side });
  }

  /** What is chosen, in a line; undefined while something is missing without which the form cannot ask the systems. */
  summary(): string | undefined {
    const found = integration(this.integrationId());
    const types = this.places();
    if (found === undefined || types.length === 0) return undefined;
    const place = String(this.place.find('option:selected').text());
    const kinds = this.chosen === 'all' ? m('scope.all') : String(this.chosen.size);
    const name = String(this.input.find('option:selected').text() || found.name);
    return [name, `${m('scope.types')}: ${kinds}`, place].filter((part) => part !== '').join(' · ');
  }

  /** The systems' answers so far; undefined for a side that has not answered. */
  known(): KnownFields {
    const config = integration(this.integrationId());
    return {
      one: this.loaded[1],
      two: this.loaded[2],
      ...(config && { counterpart: { one: backlinkFields(config, 1), two: backlinkFields(config, 2) } }),
    };
  }

  /** The fields of a side. @throws MetadataError */
  async fields(side: Side): Promise<Field[]> {
    const place = this.where();
    const type = atSide(place.type, side);
    const project = atSide(place.project, side);
    const list = await fields(place.drafts[side - 1], project.id, type.id);
    // a late answer for a place that is no longer selected is ignored
    if (this.sameAs(place)) this.loaded[side] = new Map(list.map((field) => [field.id, field]));
    return list;
  }

  /** Values of a list. @throws MetadataError */
  lookupValues(side: Side, field: string, search: string): Promise<LookupValue[]> {
    const place = this.where();
    const type = atSide(place.type, side);
    const project = atSide(place.project, side);
    return lookupValues(place.drafts[side - 1], project.id, type.id, field, search);
  }

  /** Users of a side. @throws MetadataError */
  users(side: Side, search: string): Promise<UserValue[]> {
    const place = this.where();
    const project = atSide(place.project, side);
    return users(place.drafts[side - 1], { search, project: project.id });
  }

  /** The users of a side with exactly this email, login or name. @throws MetadataError */
  usersBy(side: Side, by: { email?: string; login?: string; name?: string }): Promise<UserValue[]> {
    const place = this.where();
    return users(place.drafts[side - 1], by);
  }

  /** The system of a side, and what of it the node's pairs read: projects, and types of items. */
  read(side: Side): { draft: SystemDraft | undefined; projects: string[]; types: string[] } {
    const config = integration(this.integrationId());
    const { chosen } = this;
    const isChosen = ({ id, parts = [] }: TypePair): boolean =>
      chosen === 'all' || chosen.has(id) || parts.some((part) => chosen.has(part.id));
    const ids = (pairs: readonly (ProjectPair | TypePair)[]): string[] => [
      ...new Set(pairs.map((pair) => atSide<{ id: string }>(pair, side).id)),
    ];
    return {
      draft: systemsOf(this.integrationId())[side - 1],
      projects: ids(config?.projectPairs ?? []),
      types: ids((config?.typePairs ?? []).filter(isChosen)),
    };
  }

  private changed(): void {
    this.loaded[1] = undefined;
    this.loaded[2] = undefined;
    this.options.onChange();
  }

  private typePairs(): TypePair[] {
    return integration(this.integrationId())?.typePairs ?? [];
  }

  /** Type pairs, each followed by the pairs of parts that are synced with it: those have no selection of their own. */
  private allPairs(): TypePair[] {
    return this.typePairs().flatMap((pair) => [
      pair,
      ...(pair.parts ?? []).map((part) => ({
        ...part,
        one: { ...part.one, name: `${pair.one.name}: ${part.one.name}` },
        two: { ...part.two, name: `${pair.two.name}: ${part.two.name}` },
      })),
    ]);
  }

  private places(): { project: ProjectPair; type: TypePair }[] {
    const config = integration(this.integrationId());
    const { chosen } = this;
    const types = chosen === 'all' ? this.typePairs() : this.allPairs().filter((pair) => chosen.has(pair.id));
    return types.flatMap((type) => (config?.projectPairs ?? []).map((project) => ({ project, type })));
  }

  private where(): Place {
    const place = this.places()[Number(this.place.val() ?? 0) || 0];
    if (this.integrationId() === undefined) throw new MetadataError('invalid', m('scope.noIntegration'));
    if (place === undefined) throw new MetadataError('invalid', m('scope.noPairs'));
    return { ...place, drafts: systemsOf(this.integrationId()) };
  }

  private sameAs(place: Place): boolean {
    const now = this.places()[Number(this.place.val() ?? 0) || 0];
    return now?.type.id === place.type.id && now.project.one.id === place.project.one.id;
  }

  private draw(): void {
    const pairs = this.allPairs();
    this.typesBox.empty();
    const box = (label: string, checked: boolean, onTick: (ticked: boolean) => void): void => {
      const tick = $('<input type="checkbox" class="twinflow-inline">').prop('checked', checked);
      tick.on('change', () => {
        onTick(tick.prop('checked') === true);
        this.draw();
        this.changed();
      });
      this.typesBox.append($('<label>').append(tick, document.createTextNode(label)));
    };
    box(m('scope.all'), this.chosen === 'all', (ticked) => {
      this.chosen = ticked ? 'all' : new Set(pairs.slice(0, 1).map((pair) => pair.id));
    });
    if (this.chosen !== 'all') {
      const chosen = this.chosen;
      for (const pair of pairs) {
        box(pairName(pair), chosen.has(pair.id), (ticked) => {
          if (ticked) chosen.add(pair.id);
          else chosen.delete(pair.id);
        });
      }
    }
    const places = this.places();
    const before = this.place.val();
    this.place.empty();
    places.forEach(({ project, type }, index) => {
      $('<option>')
        .attr('value', String(index))
        .text(`${pairName(type)} (${pairName(project)})`)
        .appendTo(this.place);
    });
    this.place.val(typeof before === 'string' && places[Number(before)] ? before : '0');
    this.placeRow.toggle(places.length > 1);
  }
}
