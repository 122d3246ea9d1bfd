/** The form of an integration: two systems, which projects and item types belong together, limits, and unmapped
 * fields. */

import { closedWays } from '../../lib/checks/access';
import { readProjectPairs, readTypePairs } from '../../lib/mapping/saved';
import type { BacklinkSettings, Choice, ProjectPair, TargetDeletedPolicy, TypePair } from '../../lib/model/config';
import {
  applies,
  directionFrom,
  type EntityType,
  type Field,
  type Side,
  type TypeAccess,
} from '../../lib/model/entity';
import { atSide, SIDES, type Sides } from '../../lib/model/sides';
import type { FieldType } from '../../lib/model/values';
import {
  addStyle,
  entered,
  fields,
  idlePairs,
  input,
  isTouched,
  kept,
  knownVersion,
  leaveUntouched,
  loadedOnly,
  MetadataError,
  nodeId,
  nodesOf,
  type Pair,
  type PairList,
  PRESET_LOST_AFTER_MS,
  PRESET_RETRIES,
  pairList,
  partTypes,
  projects,
  reload,
  rememberInputs,
  type SearchItem,
  say,
  showsNewer,
  systemDraft,
  t,
  types,
  watchSaved,
  words,
} from '../editor';
import { openFields } from '../editor/open-fields';
import { gather } from '../editor/preview/gather';
import { number } from '../editor/read';
import { BacklinksTab } from './backlinks-tab';
import { BringOverSection } from './bring-over';
import { ContentTab } from './content-tab';
import { LookUpTab } from './look-up-tab';
import { type Chain, PlanTab } from './plan-tab';
import { proposeOnPress } from './propose';

interface IntegrationProperties {
  name: string;
  active: boolean;
  system1: string;
  system2: string;
  projectPairs: ProjectPair[];
  typePairs: TypePair[];
  backlinks: Partial<Sides<BacklinkSettings>>;
  retries: number;
  parkFields: boolean;
  targetDeleted: TargetDeletedPolicy;
  lostAfterMs: number;
  version: number;
}

type IntegrationNode = EditorNode & IntegrationProperties;

const PREFIX = 'node-config-input';
/** Maximum number of a side's projects that are asked for types and text fields: more would be slow and rarely
 * differ. */
const PROJECTS_ASKED = 10;
const DIRECTIONS = ['forward', 'backward'] as const;
const ARROW = { forward: 'System 1 → System 2', backward: 'System 2 → System 1' } as const;

const end = (pair: Pair, side: Side): Choice => atSide(pair, side);
const unique = <Item extends { id: string }>(items: Item[]): Item[] => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];
const gonePolicy = (value: unknown): TargetDeletedPolicy => (value === 'create' || value === 'ignore' ? value : 'park');
const lostSeconds = ({ lostAfterMs }: IntegrationProperties): number =>
  Math.round(number(lostAfterMs, PRESET_LOST_AFTER_MS, 1) / 1000);
const byName = (a: SearchItem, b: SearchItem): number => a.name.localeCompare(b.name);

/** The results of several questions together; fails only if all of them failed. */
async function together<Item>(questions: Promise<Item[]>[]): Promise<Item[]> {
  const answers = await Promise.allSettled(questions);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed && answers.every((answer) => answer.status === 'rejected')) throw failed.reason;
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/** The nodes that changes of a side pass on their way to the writer, in the flow on the canvas. */
function chainFrom(integration: string, side: Side): Chain {
  const pollers = nodesOf(integration, 'twinflow-poller').filter((node) => String(node.side ?? '1') === String(side));
  const [start] = [...pollers, ...nodesOf(integration, 'twinflow-writer'), ...nodesOf(integration)];
  const found = start && gather(start, integration, side, {}, true);
  return { steps: found?.draft.steps ?? [], foreign: found?.foreign ?? [] };
}

class IntegrationForm {
  private readonly node: IntegrationNode;
  private readonly projectList: PairList;
  private readonly typeList: PairList;
  private readonly backlinks: BacklinksTab;
  private readonly content: ContentTab;
  private readonly lookUps: LookUpTab;
  private readonly bringOver: BringOverSection;
  private readonly plan: PlanTab;
  /** counts the checks of types, so that a late answer does not add to a newer one */
  private noted = 0;
  /** the systems seen last, to notice when another one is selected */
  private systems = '';

  constructor(node: IntegrationNode) {
    this.node = node;
    input(PREFIX, 'active').prop('checked', node.active !== false);
    input(PREFIX, 'retries').val(number(node.retries, PRESET_RETRIES));
    $('#twinflow-integration-gone').val(gonePolicy(node.targetDeleted));
    $('#twinflow-integration-park-fields').prop('checked', node.parkFields === true);
    $('#twinflow-integration-lost').val(lostSeconds(node));

    this.projectList = pairList($('#twinflow-integration-projects'), {
      pairs: readProjectPairs(node.projectPairs),
      load: (side) => this.projects(side),
      label: node._('integration.label.project'),
      addLabel: node._('integration.label.addProjects'),
      onChange: () => {
        this.note('projects', this.projectList);
        this.typeList.reload();
      },
    });
    this.typeList = pairList($('#twinflow-integration-types'), {
      pairs: readTypePairs(node.typePairs),
      load: (side) => this.types(side),
      label: node._('integration.label.type'),
      addLabel: node._('integration.label.addTypes'),
      newId: () => RED.nodes.id(),
      onChange: () => this.note('types', this.typeList),
    });
    proposeOnPress({ node, what: 'projects', list: this.projectList, load: (side) => this.projects(side) });
    proposeOnPress({ node, what: 'types', list: this.typeList, load: (side) => this.types(side) });
    this.backlinks = new BacklinksTab(node, (side, wanted) => this.fieldsFor(side, wanted));
    this.content = new ContentTab(node, readTypePairs(node.typePairs), () => this.typeList.pairs(), {
      parts: (side) => this.parts(side),
      fields: (side, type) => this.partFields(side, type),
      name: (side) => this.draft(side)?.name ?? t('side.plain', { side }),
    });

    this.lookUps = new LookUpTab(node, readTypePairs(node.typePairs), () => this.typeList.pairs(), {
      fields: (side, type) => this.partFields(side, type),
      name: (side) => this.draft(side)?.name ?? t('side.plain', { side }),
    });
    this.bringOver = new BringOverSection(node, {
      name: (side) => this.draft(side)?.name ?? t('side.plain', { side }),
      types: (side) => {
        const leading = this.typeList.pairs().filter(({ direction }) => applies(direction, directionFrom(side)));
        return unique(leading.map((pair) => end(pair, side)));
      },
    });

    for (const side of SIDES) input(PREFIX, `system${side}`).on('change', () => this.systemsChanged());
    $('#twinflow-integration-reload').on('click', () => {
      reload();
      this.reloadAll();
    });
    $('#twinflow-integration-check').on('click', () => {
      for (const side of SIDES) reload(this.draft(side));
      this.showOpen();
    });
    this.plan = new PlanTab(node, () => ({
      integration: this.drawn(),
      systems: [this.draft(1), this.draft(2)],
      chains: [chainFrom(node.id, 1), chainFrom(node.id, 2)],
    }));
    this.tabs();
    this.systems = this.chosen();
    this.note('projects', this.projectList);
    this.note('types', this.typeList);
  }

  private tabs(): void {
    const tabs = RED.tabs.create({
      element: $('#twinflow-integration-tabs'),
      onchange: ({ id }) => {
        $('.twinflow-integration-tab').hide();
        $(`#${id}`).show();
        if (id === 'twinflow-integration-open') this.showOpen();
        if (id === 'twinflow-integration-content') this.content.show();
        if (id === 'twinflow-integration-existing') {
          this.lookUps.show();
          this.bringOver.show();
        }
        if (id === 'twinflow-integration-keys') this.backlinks.nameFields();
        if (id === 'twinflow-integration-plan') this.plan.show();
        RED.tray.resize();
      },
    });
    for (const tab of ['pairs', 'content', 'existing', 'keys', 'limits', 'open', 'plan'])
      tabs.addTab({ id: `twinflow-integration-${tab}`, label: this.node._(`integration.tab.${tab}`) });
    tabs.activateTab('twinflow-integration-pairs');
  }

  private draft(side: Side) {
    return systemDraft(nodeId(input(PREFIX, `system${side}`).val()));
  }

  private chosen = (): string => JSON.stringify(SIDES.map((side) => this.draft(side)));

  private systemsChanged(): void {
    const now = this.chosen();
    if (now === this.systems) return;
    this.systems = now;
    this.reloadAll();
  }

  private reloadAll(): void {
    this.projectList.reload();
    this.typeList.reload();
    this.backlinks.reload();
  }

  private async projects(side: Side): Promise<SearchItem[]> {
    const found = await projects(this.draft(side));
    const names = new Map(found.map(({ id, name }) => [id, name]));
    const items = found.map(({ id, name, parent }) => {
      const above = parent === undefined ? undefined : names.get(parent);
      return { id, name, detail: above ? `${above} / ${id}` : id };
    });
    return items.sort(byName);
  }

  /** Ids of the projects selected on a side. @throws MetadataError if none is selected */
  private chosenProjects(side: Side): string[] {
    const ids = [...new Set(this.projectList.pairs().map((pair) => end(pair, side).id))].slice(0, PROJECTS_ASKED);
    if (ids.length === 0) throw new MetadataError('invalid', this.node._('integration.invalid.projectFirst'));
    return ids;
  }

  private async types(side: Side): Promise<SearchItem[]> {
    const draft = this.draft(side);
    const found = await together(this.chosenProjects(side).map((project) => types(draft, project)));
    return unique(found.map(({ id, name }) => ({ id, name, detail: id }))).sort(byName);
  }

  /** Types of parts in the projects selected on a side. */
  private async parts(side: Side): Promise<EntityType[]> {
    const draft = this.draft(side);
    return unique(await together(this.chosenProjects(side).map((project) => partTypes(draft, project))));
  }

  private async partFields(side: Side, type: string): Promise<Field[]> {
    const [project] = this.chosenProjects(side);
    if (project === undefined) throw new MetadataError('invalid', this.node._('integration.invalid.projectFirst'));
    return fields(this.draft(side), project, type);
  }

  /** The type pairs as they stand in the form, with the parts and the look-ups that are chosen for them. */
  private typePairs(): TypePair[] {
    return this.typeList.pairs().map((pair) => {
      const parts = this.content.of(pair.id);
      const lookUp = this.lookUps.of(pair.id);
      return { ...pair, ...(parts.length > 0 && { parts }), ...(lookUp && { lookUp }) };
    });
  }

  private async fieldsFor(side: Side, wanted: readonly FieldType[]): Promise<SearchItem[]> {
    const draft = this.draft(side);
    const [project] = this.chosenProjects(side);
    const chosenTypes = [...new Set(this.typeList.pairs().map((pair) => end(pair, side).id))].slice(0, PROJECTS_ASKED);
    if (project === undefined || chosenTypes.length === 0)
      throw new MetadataError('invalid', this.node._('integration.invalid.typeFirst'));
    const found = await together(chosenTypes.map((type) => fields(draft, project, type)));
    const fitting = found.filter(
      ({ type, readOnly, required, multi }) => wanted.includes(type) && !readOnly && !required && !multi,
    );
    return unique(fitting.map(({ id, name }) => ({ id, name, detail: id }))).sort(byName);
  }

  private note(what: 'projects' | 'types', list: PairList): void {
    const idle = idlePairs(list.pairs()).map(({ name, direction }) =>
      this.node._('integration.warning.idle', { name, arrow: ARROW[direction] }),
    );
    const half = list.incomplete() > 0 ? [this.node._('integration.warning.incomplete')] : [];
    const target = $(`#twinflow-integration-${what}-note`).empty();
    for (const sentence of [...idle, ...half]) say($('<div>').appendTo(target), 'warning', sentence);
    if (what === 'types') void this.noteClosed(target);
  }

  /** Pairs that lead to types where nothing can be written. Not shown while a system cannot be asked. */
  private async noteClosed(target: JQuery): Promise<void> {
    this.noted += 1;
    const mine = this.noted;
    const pairs = this.typeList.pairs();
    if (pairs.length === 0) return;
    const [one, two] = await Promise.all(SIDES.map((side) => this.access(side)));
    if (mine !== this.noted) return;
    for (const pair of pairs) {
      const ways = DIRECTIONS.filter((way) => applies(pair.direction, way));
      for (const { direction, name, access } of closedWays(pair, ways, (side, type) =>
        (side === 1 ? one : two)?.get(type),
      )) {
        const sentence = this.node._(`integration.warning.${access}`, { name, arrow: ARROW[direction] });
        say($('<div>').appendTo(target), 'warning', sentence);
      }
    }
  }

  private async access(side: Side): Promise<Map<string, TypeAccess>> {
    try {
      const draft = this.draft(side);
      const found = await together(this.chosenProjects(side).map((project) => types(draft, project)));
      return new Map(found.flatMap(({ id, access }) => (access ? [[id, access] as const] : [])));
    } catch {
      return new Map();
    }
  }

  private showOpen(): void {
    const target = $('#twinflow-integration-missing');
    const pairs = this.typeList.pairs();
    if (pairs.length === 0 || this.projectList.pairs().length === 0) {
      say(target, 'plain', this.node._('integration.open.noPairs'));
      return;
    }
    say(target, 'plain', t('select.loading'));
    openFields({
      typePairs: pairs,
      projectPairs: this.projectList.pairs(),
      systems: [this.draft(1), this.draft(2)],
      nodes: nodesOf(this.node.id),
    }).then(
      (found) => {
        const points = found.flatMap(({ pair, direction, unmapped, mayBeEmpty }) => {
          const [source, goal] = direction === 'forward' ? SIDES : [...SIDES].reverse();
          const type = (side: Side | undefined): string =>
            side ? `${this.draft(side)?.name ?? t('side.plain', { side })} ${end(pair, side).name}` : '';
          const names = { source: type(source), target: type(goal) };
          const point = (what: string, fieldNames: string[]): string[] =>
            fieldNames.length > 0
              ? [this.node._(`integration.open.${what}`, { ...names, fields: fieldNames.join(', ') })]
              : [];
          return [...point('unmapped', unmapped), ...point('mayBeEmpty', mayBeEmpty)];
        });
        if (points.length === 0) say(target, 'good', this.node._('integration.open.nothing'));
        else say(target, 'warning', this.node._('integration.open.some'), points);
      },
      (thrown: unknown) => say(target, 'bad', words(thrown)),
    );
  }

  /** The form's content, as far as the server reads it. */
  private drawn(): object {
    return {
      id: this.node.id,
      name: input(PREFIX, 'name').val(),
      system1: this.draft(1)?.id,
      system2: this.draft(2)?.id,
      projectPairs: this.projectList.pairs(),
      typePairs: this.typePairs(),
      retries: entered(PREFIX, 'retries'),
      parkFields: $('#twinflow-integration-park-fields').prop('checked'),
      targetDeleted: $('#twinflow-integration-gone').val(),
      backlinks: this.backlinks.settings(),
    };
  }

  save(): void {
    const { node } = this;
    const projects = this.projectList.pairs().map(({ one, two, direction }) => ({ one, two, direction }));
    node.projectPairs = kept(node.projectPairs, projects, readProjectPairs);
    node.typePairs = kept(node.typePairs, this.typePairs(), readTypePairs);
    node.backlinks = this.backlinks.toSave();
    if (isTouched(node, PREFIX, 'retries')) node.retries = entered(PREFIX, 'retries') ?? node.retries;
    const lost = $('#twinflow-integration-lost').val();
    if (String(lost) !== String(lostSeconds(node)))
      node.lostAfterMs = number(lost, PRESET_LOST_AFTER_MS / 1000, 10) * 1000;
    // what an older flow does not have stays away while it is the default: opening a form changes nothing
    const parkFields = $('#twinflow-integration-park-fields').prop('checked') === true;
    if (parkFields !== (node.parkFields === true)) node.parkFields = parkFields;
    const gone = gonePolicy($('#twinflow-integration-gone').val());
    if (gone !== gonePolicy(node.targetDeleted)) node.targetDeleted = gone;
    node.version = 2;
    leaveUntouched(node, PREFIX);
    this.close();
  }

  close(): void {
    this.plan.close();
    this.bringOver.close();
  }
}

let form: IntegrationForm | undefined;

const whole = (value: unknown): boolean => /^\d+$/.test(String(value ?? PRESET_RETRIES));

watchSaved('twinflow-integration');

RED.nodes.registerType<IntegrationProperties>('twinflow-integration', {
  category: 'config',
  defaults: {
    ...loadedOnly('twinflow-integration'),
    name: { value: '', required: true },
    active: { value: true },
    system1: { value: '', type: 'twinflow-system', required: true },
    system2: { value: '', type: 'twinflow-system', required: true },
    projectPairs: {
      value: [],
      validate(value, _options) {
        return readProjectPairs(value).length > 0 || this._('integration.invalid.noProjects');
      },
    },
    typePairs: {
      value: [],
      validate(value, _options) {
        return readTypePairs(value).length > 0 || this._('integration.invalid.noTypes');
      },
    },
    backlinks: { value: {} },
    retries: {
      value: PRESET_RETRIES,
      validate(value, _options) {
        return whole(value) || this._('integration.invalid.retries');
      },
    },
    parkFields: { value: false },
    targetDeleted: { value: 'park' },
    lostAfterMs: { value: PRESET_LOST_AFTER_MS },
    version: { value: 2, validate: knownVersion('twinflow-integration') },
  },
  label() {
    return this.name || this._('integration.paletteLabel');
  },
  paletteLabel() {
    return this._('integration.paletteLabel');
  },
  oneditprepare() {
    if (showsNewer('twinflow-integration', this)) return;
    addStyle();
    form = new IntegrationForm(this);
    rememberInputs(this, PREFIX);
  },
  oneditsave() {
    form?.save();
    form = undefined;
    return undefined;
  },
  oneditcancel() {
    form?.close();
    form = undefined;
  },
});
