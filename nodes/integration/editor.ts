/** The form of an integration: two systems, which projects and entity types belong together, limits, what is still open. */

import type { Choice, ProjectPair, TargetDeletedPolicy, TypePair } from '../../lib/model/config';
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
  MetadataError,
  nodeId,
  nodesOf,
  type Pair,
  type PairList,
  PRESET_LOST_AFTER_MS,
  PRESET_RETRIES,
  pairList,
  projects,
  reload,
  rememberInputs,
  type SearchItem,
  type SearchSelect,
  say,
  searchSelect,
  showsNewer,
  systemDraft,
  t,
  types,
  watchSaved,
  words,
} from '../editor';
import { openFields } from '../editor/open-fields';
import { gather } from '../editor/preview/gather';
import { number, projectPairs, typePairs } from '../editor/read';
import { type Chain, PlanTab } from './plan-tab';

interface IntegrationProperties {
  name: string;
  active: boolean;
  system1: string;
  system2: string;
  projectPairs: ProjectPair[];
  typePairs: TypePair[];
  remoteKeyField1: string;
  remoteKeyField2: string;
  remoteUrlField1: string;
  remoteUrlField2: string;
  remoteLink1: boolean;
  remoteLink2: boolean;
  remoteBack1: boolean;
  remoteBack2: boolean;
  retries: number;
  parkFields: boolean;
  targetDeleted: TargetDeletedPolicy;
  lostAfterMs: number;
  version: number;
}

type IntegrationNode = EditorNode & IntegrationProperties;
type Side = 1 | 2;

const PREFIX = 'node-config-input';
const SIDES: Side[] = [1, 2];
/** Types and text fields are asked for in that many of a side's projects: more would be slow and seldom differ. */
const PROJECTS_ASKED = 10;
/** Fields that receive the counterpart's key or address. */
const PICKED = [
  { side: 1, property: 'remoteKeyField1', element: 'key1', types: ['text'] },
  { side: 1, property: 'remoteUrlField1', element: 'url1', types: ['url', 'text'] },
  { side: 2, property: 'remoteKeyField2', element: 'key2', types: ['text'] },
  { side: 2, property: 'remoteUrlField2', element: 'url2', types: ['url', 'text'] },
] as const;
const TICKED = [
  { property: 'remoteLink1', element: 'link1' },
  { property: 'remoteBack1', element: 'back1' },
  { property: 'remoteLink2', element: 'link2' },
  { property: 'remoteBack2', element: 'back2' },
] as const;
const ARROW = { forward: 'System 1 → System 2', backward: 'System 2 → System 1' } as const;

const end = (pair: Pair, side: Side): Choice => (side === 1 ? pair.one : pair.two);
const unique = <Item extends { id: string }>(items: Item[]): Item[] => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];
const gonePolicy = (value: unknown): TargetDeletedPolicy => (value === 'create' || value === 'ignore' ? value : 'park');
const lostSeconds = ({ lostAfterMs }: IntegrationProperties): number =>
  Math.round(number(lostAfterMs, PRESET_LOST_AFTER_MS, 1) / 1000);
const byName = (a: SearchItem, b: SearchItem): number => a.name.localeCompare(b.name);

/** What several questions found together; fails only where all of them failed. */
async function together<Item>(questions: Promise<Item[]>[]): Promise<Item[]> {
  const answers = await Promise.allSettled(questions);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed && answers.every((answer) => answer.status === 'rejected')) throw failed.reason;
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/** What changes of a side pass on their way to the writer, as drawn now. */
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
  private readonly picked: { choice: (typeof PICKED)[number]; select: SearchSelect }[];
  private readonly plan: PlanTab;
  /** the systems as last seen, to notice when another one is chosen */
  private systems = '';

  constructor(node: IntegrationNode) {
    this.node = node;
    input(PREFIX, 'active').prop('checked', node.active !== false);
    input(PREFIX, 'retries').val(number(node.retries, PRESET_RETRIES));
    $('#twinflow-integration-gone').val(gonePolicy(node.targetDeleted));
    $('#twinflow-integration-park-fields').prop('checked', node.parkFields === true);
    $('#twinflow-integration-lost').val(lostSeconds(node));

    this.projectList = pairList($('#twinflow-integration-projects'), {
      pairs: projectPairs(node.projectPairs),
      load: (side) => this.projects(side),
      label: node._('integration.label.project'),
      addLabel: node._('integration.label.addProjects'),
      onChange: () => {
        this.note('projects', this.projectList);
        this.typeList.reload();
      },
    });
    this.typeList = pairList($('#twinflow-integration-types'), {
      pairs: typePairs(node.typePairs),
      load: (side) => this.types(side),
      label: node._('integration.label.type'),
      addLabel: node._('integration.label.addTypes'),
      newId: () => RED.nodes.id(),
      onChange: () => this.note('types', this.typeList),
    });
    this.picked = PICKED.map((choice) => {
      const id = node[choice.property];
      const select = searchSelect($(`#twinflow-integration-${choice.element}`), {
        load: () => this.fieldsFor(choice),
        value: id ? { id, name: id } : undefined,
        empty: node._('integration.label.none'),
        placeholder: node._('integration.label.none'),
      });
      return { choice, select };
    });
    for (const { property, element } of TICKED)
      $(`#twinflow-integration-${element}`).prop('checked', node[property] === true);

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
        if (id === 'twinflow-integration-keys') this.nameFields();
        if (id === 'twinflow-integration-plan') this.plan.show();
        RED.tray.resize();
      },
    });
    for (const tab of ['pairs', 'keys', 'limits', 'open', 'plan'])
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
    for (const { select } of this.picked) select.reload();
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

  /** Ids of the projects chosen on a side. @throws MetadataError – none is chosen */
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

  private async fieldsFor({ side, types: wanted }: (typeof PICKED)[number]): Promise<SearchItem[]> {
    const fits: readonly string[] = wanted;
    const draft = this.draft(side);
    const [project] = this.chosenProjects(side);
    const chosenTypes = [...new Set(this.typeList.pairs().map((pair) => end(pair, side).id))].slice(0, PROJECTS_ASKED);
    if (project === undefined || chosenTypes.length === 0)
      throw new MetadataError('invalid', this.node._('integration.invalid.typeFirst'));
    const found = await together(chosenTypes.map((type) => fields(draft, project, type)));
    const fitting = found.filter(
      ({ type, readOnly, required, multi }) => fits.includes(type) && !readOnly && !required && !multi,
    );
    return unique(fitting.map(({ id, name }) => ({ id, name, detail: id }))).sort(byName);
  }

  /** Only a field's id is saved: its name comes from the system, while it can be asked. */
  private nameFields(): void {
    for (const { choice, select } of this.picked) {
      const value = select.value();
      if (!value || value.name !== value.id) continue;
      this.fieldsFor(choice).then(
        (items) => {
          const item = items.find(({ id }) => id === select.value()?.id);
          if (item) select.set(item);
        },
        () => undefined, // the id stays; opening the list says why
      );
    }
  }

  private note(what: 'projects' | 'types', list: PairList): void {
    const idle = idlePairs(list.pairs()).map(({ name, direction }) =>
      this.node._('integration.warning.idle', { name, arrow: ARROW[direction] }),
    );
    const half = list.incomplete() > 0 ? [this.node._('integration.warning.incomplete')] : [];
    const target = $(`#twinflow-integration-${what}-note`).empty();
    for (const sentence of [...idle, ...half]) say($('<div>').appendTo(target), 'warning', sentence);
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

  /** What stands in the form, of what the server reads of an integration. */
  private drawn(): object {
    return {
      id: this.node.id,
      name: input(PREFIX, 'name').val(),
      system1: this.draft(1)?.id,
      system2: this.draft(2)?.id,
      projectPairs: this.projectList.pairs(),
      typePairs: this.typeList.pairs(),
      retries: entered(PREFIX, 'retries'),
      parkFields: $('#twinflow-integration-park-fields').prop('checked'),
      targetDeleted: $('#twinflow-integration-gone').val(),
      ...Object.fromEntries(this.picked.map(({ choice, select }) => [choice.property, select.value()?.id ?? ''])),
      ...Object.fromEntries(
        TICKED.map(({ property, element }) => [property, $(`#twinflow-integration-${element}`).prop('checked')]),
      ),
    };
  }

  save(): void {
    const { node } = this;
    const projects = this.projectList.pairs().map(({ one, two, direction }) => ({ one, two, direction }));
    node.projectPairs = kept(node.projectPairs, projects, projectPairs);
    node.typePairs = kept(node.typePairs, this.typeList.pairs(), typePairs);
    for (const { choice, select } of this.picked) {
      const id = select.value()?.id ?? '';
      if (id !== (node[choice.property] ?? '')) node[choice.property] = id;
    }
    for (const { property, element } of TICKED) {
      const ticked = $(`#twinflow-integration-${element}`).prop('checked') === true;
      if (ticked !== (node[property] === true)) node[property] = ticked;
    }
    if (isTouched(node, PREFIX, 'retries')) node.retries = entered(PREFIX, 'retries') ?? node.retries;
    const lost = $('#twinflow-integration-lost').val();
    if (String(lost) !== String(lostSeconds(node)))
      node.lostAfterMs = number(lost, PRESET_LOST_AFTER_MS / 1000, 10) * 1000;
    // what an older flow does not have stays away while it is the preset: opening a form changes nothing
    const parkFields = $('#twinflow-integration-park-fields').prop('checked') === true;
    if (parkFields !== (node.parkFields === true)) node.parkFields = parkFields;
    const gone = gonePolicy($('#twinflow-integration-gone').val());
    if (gone !== gonePolicy(node.targetDeleted)) node.targetDeleted = gone;
    node.version = 1;
    leaveUntouched(node, PREFIX);
    this.close();
  }

  close(): void {
    this.plan.close();
  }
}

let form: IntegrationForm | undefined;

const whole = (value: unknown): boolean => /^\d+$/.test(String(value ?? PRESET_RETRIES));

watchSaved('twinflow-integration');

RED.nodes.registerType<IntegrationProperties>('twinflow-integration', {
  category: 'config',
  defaults: {
    name: { value: '', required: true },
    active: { value: true },
    system1: { value: '', type: 'twinflow-system', required: true },
    system2: { value: '', type: 'twinflow-system', required: true },
    projectPairs: {
      value: [],
      validate(value, _options) {
        return projectPairs(value).length > 0 || this._('integration.invalid.noProjects');
      },
    },
    typePairs: {
      value: [],
      validate(value, _options) {
        return typePairs(value).length > 0 || this._('integration.invalid.noTypes');
      },
    },
    remoteKeyField1: { value: '' },
    remoteKeyField2: { value: '' },
    remoteUrlField1: { value: '' },
    remoteUrlField2: { value: '' },
    remoteLink1: { value: false },
    remoteLink2: { value: false },
    remoteBack1: { value: false },
    remoteBack2: { value: false },
    retries: {
      value: PRESET_RETRIES,
      validate(value, _options) {
        return whole(value) || this._('integration.invalid.retries');
      },
    },
    parkFields: { value: false },
    targetDeleted: { value: 'park' },
    lostAfterMs: { value: PRESET_LOST_AFTER_MS },
    version: { value: 1, validate: knownVersion('twinflow-integration') },
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
