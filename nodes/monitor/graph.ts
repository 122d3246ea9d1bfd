/**
 * The integrations as a graph: each system a node, each integration an edge with its name and state on it, which is a
 * button. dagre finds the places; they change only if systems, integrations or the room for them do.
 */

import type { IntegrationState, SystemView } from '../../lib/model/operations';
import { type Box, type Edge, isNarrow, type Places, pathOf, placesOf, systemOf } from './layout';
import { queueOf, stateOf } from './state';
import { say } from './texts';
import { element, type Tone } from './ui';

const NS = 'http://www.w3.org/2000/svg';

function place(made: HTMLElement, { x, y, width, height }: Box): HTMLElement {
  Object.assign(made.style, {
    ...{ left: `${x - width / 2}px`, top: `${y - height / 2}px` },
    ...{ width: `${width}px`, height: `${height}px` },
  });
  return made;
}

export class IntegrationGraph {
  private readonly canvas = element('div', { className: 'graph' });
  readonly element = element('div', { className: 'box graph-box', tabIndex: 0 }, this.canvas);
  private shape = '';
  private places: Places | undefined;

  /** @param choose called with the id of the integration that somebody has chosen */
  constructor(private readonly choose: (id: string) => void) {
    this.element.setAttribute('role', 'region');
    this.element.setAttribute('aria-label', say('overview.graph'));
  }

  /** @param chosen id of the integration whose details are shown */
  update(items: readonly IntegrationState[], chosen: string | undefined): void {
    const systems = new Map<string, SystemView>();
    const edges = items.flatMap(({ id, sides }): Edge[] => {
      if (!sides) return [];
      for (const { system } of sides) systems.set(system.id, system);
      return [{ id, systems: [sides[0].system.id, sides[1].system.id] }];
    });
    this.element.hidden = edges.length === 0;
    const room = this.element.clientWidth || innerWidth - 32;
    const shape = JSON.stringify([edges, isNarrow(room)]);
    if (shape !== this.shape || !this.places) this.places = placesOf(edges, room);
    this.shape = shape;
    this.draw(this.places, items, systems, chosen);
  }

  private draw(
    { width, height, nodes, edges }: Places,
    items: readonly IntegrationState[],
    systems: ReadonlyMap<string, SystemView>,
    chosen: string | undefined,
  ): void {
    const lines = document.createElementNS(NS, 'svg');
    for (const [name, value] of Object.entries({ width, height, 'aria-hidden': 'true' }))
      lines.setAttribute(name, String(value));
    const labels: HTMLElement[] = [];
    for (const item of items) {
      const at = edges.get(item.id);
      if (!at) continue;
      const { text, tone } = stateOf(item);
      const line = document.createElementNS(NS, 'path');
      line.setAttribute('d', pathOf(at.points));
      line.setAttribute('class', `${tone}${item.id === chosen ? ' chosen' : ''}`);
      lines.append(line);
      labels.push(place(this.label(item, text, tone, item.id === chosen), at));
    }
    const boxes = [...nodes].flatMap(([id, at]) => {
      const system = systems.get(systemOf(id));
      return system ? [place(systemBox(system), at)] : [];
    });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.canvas.replaceChildren(lines, ...boxes, ...labels);
  }

  private label({ id, name, sides }: IntegrationState, state: string, tone: Tone, isChosen: boolean): HTMLElement {
    const made = element(
      'button',
      { type: 'button', className: `edge ${tone}`, title: `${name}: ${state}` },
      element('span', { className: 'name' }, name),
      element('span', { className: `chip ${tone}` }, state),
    );
    const queue = queueOf(sides);
    if (queue > 0) made.append(element('span', { className: 'quiet' }, say('overview.open', { count: queue })));
    made.dataset.focus = `edge ${id}`;
    made.setAttribute('aria-pressed', String(isChosen));
    made.addEventListener('click', () => this.choose(id));
    return made;
  }
}

function systemBox({ name, pausedUntil, why = '' }: SystemView): HTMLElement {
  const paused = pausedUntil === undefined ? '' : say('overview.pausedShort');
  const made = element('div', { className: `node ${paused === '' ? '' : 'bad'}`, title: why === '' ? name : why });
  made.append(element('span', {}, name));
  if (paused !== '') made.append(element('span', { className: 'small bad-text' }, paused));
  return made;
}
