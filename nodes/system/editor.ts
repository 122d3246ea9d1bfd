/**
 * The form of a system. Its inputs are those that the connector of the selected type declares. Secrets are Node-RED
 * credentials: their inputs are in the template, because the editor fills and reads them by their ids.
 */

import type { ConfigField } from '../../lib/connectors/form';
import { SECRET_NAMES } from '../../lib/connectors/form';
import {
  addStyle,
  type ConnectorInfo,
  configValues,
  connectors,
  entered,
  fillSelect,
  identify,
  input,
  isTouched,
  kept,
  knownVersion,
  leaveUntouched,
  nodeId,
  reload,
  rememberInputs,
  STORED,
  type SystemDraft,
  say,
  showsNewer,
  t,
  translated,
  watchSaved,
  words,
} from '../editor';

interface SystemProperties {
  name: string;
  kind: string;
  config: Record<string, string | boolean>;
  proxy: string;
  tls: string;
  ignoreOwn: boolean;
  /** '' = as the answers allow */
  maxRequestsPerSecond: number | '';
  /** '' = the default */
  maxConcurrent: number | '';
  version: number;
}

type SystemNode = EditorNode & SystemProperties;

const PREFIX = 'node-config-input';
const isSecret = (name: string): boolean => SECRET_NAMES.some((secret) => secret === name);

/** Known once a form was opened or the first node was checked; until then a node counts as valid. */
let kinds: ConnectorInfo[] = [];

const visible = (field: ConfigField, all: ConfigField[], values: Record<string, unknown>): boolean => {
  const { visibleIf } = field;
  if (!visibleIf) return true;
  const fallback = all.find(({ name }) => name === visibleIf.name)?.default;
  return String(values[visibleIf.name] ?? fallback ?? '') === visibleIf.value;
};

/** Labels of required inputs that are empty; without secrets, because the browser does not know whether they are
 * stored. */
function missing(kind: string, values: Record<string, unknown>): string[] {
  const config = kinds.find((connector) => connector.kind === kind)?.config ?? [];
  return config
    .filter(
      (field) => field.required && field.type !== 'boolean' && !isSecret(field.name) && visible(field, config, values),
    )
    .filter((field) => String(values[field.name] ?? field.default ?? '').trim() === '')
    .map((field) => translated(`connectors.${kind}.${field.name}.label`, field.label));
}

/** Whether something is set among the inputs that are folded away. */
const hasAdvanced = ({ proxy, tls, ignoreOwn, maxRequestsPerSecond, maxConcurrent }: SystemProperties): boolean =>
  [nodeId(proxy), nodeId(tls), maxRequestsPerSecond, maxConcurrent].some((value) => (value ?? '') !== '') ||
  ignoreOwn === true;

/** The open form. */
class SystemForm {
  private readonly node: SystemNode;
  /** everything that was entered, including for types that were selected in between */
  private readonly values: Record<string, string | boolean>;
  private readonly box = $('#twinflow-system-fields');
  private readonly advanced = $('#twinflow-system-advanced-fields');
  private readonly pool = $('#twinflow-system-secrets');
  private readonly result = $('#twinflow-system-result');

  constructor(node: SystemNode) {
    this.node = node;
    this.values = configValues(node.config);
    const select = input(PREFIX, 'kind');
    fillSelect(
      select,
      kinds.map(({ kind, label }) => ({ value: kind, label })),
      node.kind ?? '',
    );
    select.on('change', () => this.build());
    $('#twinflow-system-test').on('click', () => {
      this.test().catch((thrown: unknown) => say(this.result, 'bad', words(thrown)));
    });
    input(PREFIX, 'ignoreOwn').prop('checked', node.ignoreOwn === true);
    $('#twinflow-system-advanced').prop('open', hasAdvanced(node));
    this.load().catch((thrown: unknown) => this.unloaded(words(thrown)));
  }

  private get kind(): string {
    return String(input(PREFIX, 'kind').val() ?? '');
  }

  private get connector(): ConnectorInfo | undefined {
    return kinds.find(({ kind }) => kind === this.kind);
  }

  private async load(): Promise<void> {
    const note = $('#twinflow-system-kinds');
    say(note, 'plain', kinds.length === 0 ? t('select.loading') : '');
    kinds = await connectors();
    say(note, 'plain', '');
    const choose = { value: '', label: this.node._('system.placeholder.kind') };
    const options = kinds.map(({ kind, label }) => ({ value: kind, label }));
    fillSelect(
      input(PREFIX, 'kind'),
      this.node.kind ? options : [choose, ...options],
      this.kind || (this.node.kind ?? ''),
    );
    this.build();
    RED.editor.validateNode(this.node);
  }

  private unloaded(why: string): void {
    const note = $('#twinflow-system-kinds');
    say(note, 'bad', why);
    $('<button type="button" class="red-ui-button red-ui-button-small">')
      .text(t('select.retry'))
      .on('click', () => {
        this.load().catch((thrown: unknown) => this.unloaded(words(thrown)));
      })
      .appendTo(note.append(' '));
  }

  /** Creates the inputs of the selected type. Secret inputs are moved here from the template, and back before the
   * next time. */
  private build(): void {
    for (const name of SECRET_NAMES) this.pool.append(input(PREFIX, name).off('.twinflow'));
    this.box.empty();
    this.advanced.empty();
    const { connector } = this;
    for (const field of connector?.config ?? []) this.row(connector?.kind ?? '', field);
    this.show();
  }

  private row(kind: string, field: ConfigField): void {
    const text = (part: 'label' | 'hint' | 'placeholder', fallback: string | undefined): string =>
      fallback === undefined ? '' : translated(`connectors.${kind}.${field.name}.${part}`, fallback);
    const id = isSecret(field.name) ? `${PREFIX}-${field.name}` : `twinflow-system-${field.name}`;
    const row = $('<div class="form-row">')
      .attr('data-field', field.name)
      .appendTo(field.advanced ? this.advanced : this.box);
    const label = $('<label>').attr('for', id).text(text('label', field.label)).appendTo(row);
    if (field.required) label.append($('<span aria-hidden="true">').text(' *'));
    // the same space between label and input as in the template's rows
    row.append(' ');
    const control = this.control(kind, field, id).appendTo(row);
    if (field.type === 'boolean') {
      label.css('width', 'auto').prepend(control);
    } else {
      control.css('width', '70%').attr({
        placeholder: text('placeholder', field.placeholder),
        'aria-required': String(field.required === true),
      });
    }
    const hint = text('hint', field.hint);
    const stored = isSecret(field.name) && control.val() === STORED;
    if (hint || stored) {
      const described = `${id}-hint`;
      control.attr('aria-describedby', described);
      const line = $('<span class="twinflow-hint">').attr('id', described).text(hint).appendTo(row);
      if (field.type === 'boolean') line.css('padding-left', '20px');
      if (stored)
        $('<span>')
          .text(`${hint ? ' ' : ''}${this.node._('system.hint.stored')}`)
          .appendTo(line);
    }
  }

  private control(kind: string, field: ConfigField, id: string): JQuery {
    const fallback = this.values[field.name] ?? field.default;
    if (isSecret(field.name)) {
      const secret = input(PREFIX, field.name);
      return secret
        .on('focus.twinflow', () => secret.val() === STORED && secret.trigger('select'))
        .on('input.twinflow', () => this.show());
    }
    const remember = (value: string | boolean): void => {
      this.values[field.name] = value;
      this.show();
    };
    if (field.type === 'boolean') {
      const box = $('<input type="checkbox" class="twinflow-inline">')
        .attr('id', id)
        .prop('checked', fallback === true);
      return box.on('change', () => remember(box.prop('checked') === true));
    }
    if (field.type === 'select') {
      const select = $('<select>').attr('id', id);
      const options = (field.options ?? []).map(({ value, label }) => ({
        value,
        label: translated(`connectors.${kind}.${field.name}.options.${value}`, label),
      }));
      fillSelect(select, options, String(fallback ?? options[0]?.value ?? ''));
      return select.on('change', () => remember(String(select.val() ?? '')));
    }
    const line = $('<input type="text" autocomplete="off" spellcheck="false">').attr({
      id,
      ...(field.type === 'url' && { inputmode: 'url' }),
    });
    return line.val(String(fallback ?? '')).on('input change', () => remember(String(line.val() ?? '').trim()));
  }

  /** Shows the inputs required by the others' values, and marks those without a value. */
  private show(): void {
    const config = this.connector?.config ?? [];
    for (const field of config) {
      const row = this.box
        .add(this.advanced)
        .children()
        .filter((_index, element) => $(element).attr('data-field') === field.name);
      const shown = visible(field, config, this.values);
      row.toggle(shown);
      const control = row.find('input, select');
      const empty =
        shown && field.required === true && field.type !== 'boolean' && String(control.val() ?? '').trim() === '';
      control.toggleClass('input-error', empty).attr('aria-invalid', String(empty));
    }
    // a sandbox, for example, uses no network
    $('.twinflow-system-network').toggle(this.connector?.category !== 'sandbox');
    say(this.result, 'plain', '');
  }

  /** The values of the visible inputs, including a type's own defaults, so that the flow shows the values in use. */
  config(values = this.values): Record<string, string | boolean> {
    const config = this.connector?.config;
    if (!config) return values;
    const shown = config.filter((field) => !isSecret(field.name) && visible(field, config, values));
    return Object.fromEntries(
      shown.flatMap(({ name, type, default: fallback, options }) => {
        const value = values[name] ?? fallback ?? (type === 'select' ? options?.[0]?.value : undefined);
        return value === undefined || value === '' ? [] : [[name, value]];
      }),
    );
  }

  private draft(): SystemDraft {
    const credentials: Record<string, string> = {};
    for (const name of this.shownSecrets()) {
      const value = String(input(PREFIX, name).val() ?? '');
      if (value !== STORED) credentials[name] = value;
    }
    return {
      id: this.node.id,
      kind: this.kind,
      config: this.config(),
      credentials,
      proxy: nodeId(input(PREFIX, 'proxy').val()),
      tls: nodeId(input(PREFIX, 'tls').val()),
    };
  }

  private shownSecrets(): string[] {
    const config = this.connector?.config ?? [];
    return config
      .filter((field) => isSecret(field.name) && visible(field, config, this.values))
      .map(({ name }) => name);
  }

  private async test(): Promise<void> {
    const button = $('#twinflow-system-test').prop('disabled', true);
    say(this.result, 'plain', this.node._('system.test.asking'));
    try {
      const { user, server, timeZone, missing: lacks } = await identify(this.draft());
      const who = user.name ?? user.login ?? user.email ?? user.id ?? '';
      const zone = timeZone ? ` ${this.node._('system.test.zone', { zone: timeZone })}` : '';
      const found = `${this.node._('system.test.good', { who, server })}${zone}`;
      if (lacks.length === 0) say(this.result, 'good', `${found} ${this.node._('system.test.nothingMissing')}`);
      else say(this.result, 'warning', `${found} ${this.node._('system.test.missing')}`, lacks);
    } catch (thrown) {
      say(this.result, 'bad', words(thrown));
    } finally {
      button.prop('disabled', false);
      this.result[0]?.scrollIntoView({ block: 'nearest' });
    }
  }

  save(): void {
    const { node } = this;
    const next = this.config();
    const before = node.config;
    if (node.kind !== this.kind) node.config = next;
    else node.config = kept(node.config, next, (saved) => this.config(configValues(saved)));
    for (const property of ['maxRequestsPerSecond', 'maxConcurrent'] as const)
      if (isTouched(node, PREFIX, property)) node[property] = entered(PREFIX, property) ?? '';
    this.node.version = 1;
    // secrets of another sign-in method are not kept: an empty input makes the editor delete them
    if (this.connector && node.config !== before)
      for (const name of SECRET_NAMES) if (!this.shownSecrets().includes(name)) input(PREFIX, name).val('');
    leaveUntouched(node, PREFIX);
    reload();
  }
}

let form: SystemForm | undefined;

const place = (config: Record<string, unknown>): string => {
  const address = String(config.url ?? config.host ?? config.space ?? '');
  return address.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '');
};

/** An empty input, or a flow that was saved before it existed, sets no limit. */
const isLimit = (typed: unknown, least: number, most: number): boolean =>
  String(typed ?? '').trim() === '' || (Number(typed) >= least && Number(typed) <= most);

watchSaved('twinflow-system');

RED.nodes.registerType<SystemProperties>('twinflow-system', {
  category: 'config',
  defaults: {
    name: { value: '' },
    kind: { value: '', required: true },
    config: {
      value: {},
      validate(value, _options) {
        const lacks = missing(String(this.kind ?? ''), configValues(value));
        return lacks.length === 0 || this._('system.invalid.missing', { names: lacks.join(', ') });
      },
    },
    proxy: { value: '', type: 'http proxy', required: false },
    tls: { value: '', type: 'tls-config', required: false },
    ignoreOwn: { value: false },
    maxRequestsPerSecond: {
      value: '',
      validate(typed, _options) {
        return isLimit(typed, 0.01, 10_000) || this._('system.invalid.maxRequestsPerSecond');
      },
    },
    maxConcurrent: {
      value: '',
      validate(typed, _options) {
        const isWhole = Number.isInteger(Number(typed ?? 0));
        return (isLimit(typed, 1, 100) && isWhole) || this._('system.invalid.maxConcurrent');
      },
    },
    version: { value: 1, validate: knownVersion('twinflow-system') },
  },
  credentials: {
    apiKey: { type: 'password' },
    login: { type: 'text' },
    password: { type: 'password' },
    token: { type: 'password' },
    clientId: { type: 'text' },
    clientSecret: { type: 'password' },
  },
  label() {
    return this.name || place(configValues(this.config)) || this.kind || this._('system.paletteLabel');
  },
  paletteLabel() {
    return this._('system.paletteLabel');
  },
  oneditprepare() {
    if (showsNewer('twinflow-system', this)) return;
    addStyle();
    form = new SystemForm(this);
    rememberInputs(this, PREFIX);
  },
  oneditsave() {
    form?.save();
    form = undefined;
    return undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
