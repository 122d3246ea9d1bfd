/**
 * The part of the Node-RED editor that Twinflow's forms use, with `unknown` wherever a saved flow or another package's
 * node may contain anything. The editor's API: https://nodered.org/docs/api/ui/
 */

/** A node in the workspace, deployed or not. Its properties come from a saved flow: check them before use. */
interface EditorNode {
  id: string;
  type: string;
  /** the tab it is on; absent for a config node that is everywhere visible */
  z?: string;
  /** disabled */
  d?: boolean;
  name?: string;
  credentials?: Record<string, unknown>;
  /** its type's definition: the editor saves the properties named there */
  _def?: { defaults: Record<string, { value?: unknown; type?: string }>; credentials?: Record<string, object> };
  /** nodes that use this config node */
  users?: EditorNode[];
  _: (key: string, variables?: Record<string, unknown>) => string;
  [property: string]: unknown;
}

interface EditorProperty<This, Value = unknown> {
  value: Value;
  required?: boolean;
  /** type of the config node that the property refers to */
  type?: string;
  label?: string;
  /** false or a text = invalid */
  validate?: (this: This, value: unknown, options?: { label?: string }) => boolean | string;
}

interface EditorDefinition<Properties extends object> {
  category: string;
  defaults: { [Name in keyof Properties]: EditorProperty<EditorNode & Properties, Properties[Name]> };
  credentials?: Record<string, { type: 'text' | 'password' }>;
  color?: string;
  icon?: string;
  inputs?: number;
  outputs?: number;
  align?: 'left' | 'right';
  hasUsers?: boolean;
  label?: string | ((this: EditorNode & Properties) => string);
  labelStyle?: string | ((this: EditorNode & Properties) => string);
  paletteLabel?: string | ((this: EditorNode & Properties) => string);
  inputLabels?: string | ((this: EditorNode & Properties) => string);
  outputLabels?: string | ((this: EditorNode & Properties, index: number) => string);
  button?: { enabled?: (this: EditorNode & Properties) => boolean; onclick: (this: EditorNode & Properties) => void };
  oneditprepare?: (this: EditorNode & Properties) => void;
  /** true = the node changed, whatever the editor detects itself */
  oneditsave?: (this: EditorNode & Properties) => boolean | undefined;
  oneditcancel?: (this: EditorNode & Properties) => void;
  oneditdelete?: (this: EditorNode & Properties) => void;
  oneditresize?: (this: EditorNode & Properties, size: { width: number; height: number }) => void;
  onadd?: (this: EditorNode & Properties) => void;
}

interface EditorPopover {
  setContent(content: JQuery | string | (() => JQuery | string)): void;
  open(): void;
  close(): void;
  delete(): void;
}

interface EditorTabs {
  addTab(tab: { id: string; label: string; iconClass?: string; [property: string]: unknown }): void;
  activateTab(id: string): void;
  resize(): void;
}

interface EditorRed {
  _: (key: string, variables?: Record<string, unknown>) => string;
  nodes: {
    registerType<Properties extends object>(type: string, definition: EditorDefinition<Properties>): void;
    node(id: string): EditorNode | null;
    eachNode(callback: (node: EditorNode) => boolean | undefined): void;
    eachConfig(callback: (node: EditorNode) => boolean | undefined): void;
    eachLink(
      callback: (link: { source: EditorNode; sourcePort: number; target: EditorNode }) => boolean | undefined,
    ): void;
    dirty(): boolean;
    /** a new node id */
    id(): string;
  };
  events: {
    on(event: string, listener: (...parameters: unknown[]) => void): void;
    off(event: string, listener: (...parameters: unknown[]) => void): void;
  };
  editor: {
    editConfig?(name: string, type: string, id: string, prefix?: string | null): void;
    validateNode(node: EditorNode): boolean;
    getEditStack(): EditorNode[];
  };
  tabs: {
    create(options: {
      id?: string;
      element?: JQuery;
      onchange: (tab: { id: string }) => void;
      [property: string]: unknown;
    }): EditorTabs;
  };
  popover: {
    tooltip(target: JQuery, content: string | (() => string | null)): EditorPopover;
  };
  tray: { resize(): void };
  plugins: {
    registerPlugin(id: string, definition: { type?: string; onadd?: () => void }): void;
  };
  sidebar: {
    addTab(tab: {
      id: string;
      label: string;
      name: string;
      iconClass?: string;
      content: JQuery;
      action?: string;
      enableOnEdit?: boolean;
      pinned?: boolean;
    }): void;
    show(id: string): void;
  };
  actions: { add(name: string, handler: () => void): void };
  view: { reveal(id: string, flash?: boolean): void };
  notify(
    message: string | JQuery,
    options?: { type?: 'success' | 'warning' | 'error' | 'compact'; timeout?: number },
  ): void;
  settings: { [setting: string]: unknown };
  i18n: { lang(): string };
  utils: { getNodeLabel(node: EditorNode, fallback?: string): string };
}

declare const RED: EditorRed;

interface EditableListOptions<Item> {
  addButton?: boolean | string;
  buttons?: { label: string; icon: string; click: () => void }[];
  height?: number | 'auto';
  header?: JQuery;
  sortable?: boolean | string;
  removable?: boolean;
  scrollOnAdd?: boolean;
  addItem?: (row: JQuery, index: number, item: Item) => void;
  removeItem?: (item: Item) => void;
  sortItems?: (items: JQuery) => void;
  resizeItem?: (row: JQuery, index: number) => void;
}

interface JQuery {
  editableList<Item extends object>(options: EditableListOptions<Item>): JQuery;
  editableList(method: 'addItem', item: object): void;
  editableList(method: 'addItems', items: object[]): void;
  editableList(method: 'removeItem', item: object, detach?: boolean): void;
  editableList(method: 'empty'): void;
  editableList(method: 'items'): JQuery;
  editableList(method: 'length'): number;
  editableList(method: 'height', height: number): void;
  editableList(method: 'width', width: number): void;
  editableList(method: 'show', item: object): void;
  editableList(method: 'filter', filter: ((item: object) => boolean) | null): number;
  typedInput(options: object): JQuery;
  typedInput(method: 'value' | 'type'): string;
  typedInput(method: 'value' | 'type' | 'types' | 'width', value: unknown): void;
  typedInput(method: 'show' | 'hide' | 'enable' | 'disable' | 'validate'): void;
  i18n(): JQuery;
}

/** Shared by the forms of all Twinflow node types in one browser window. */
interface Window {
  twinflowMetadata?: Map<string, { at: number; answer: Promise<unknown> }>;
  /** the last input of a preview, with which the next form starts */
  twinflowPreview?: { integration: string; side: 1 | 2; key: string };
  /** the editor's own parser of expressions */
  jsonata?: (expression: string) => { ast(): unknown };
}
