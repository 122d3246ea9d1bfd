/**
 * Connector files of npm packages, which register them as Node-RED plugins: `RED.plugins.registerPlugin(id, { type:
 * 'twinflow-connector', api: 1, connector })`. What they register is data, and checked like any connector file.
 */

import type { Connector } from '../connector';
import { isJson, textOf } from '../kit/json';
import { declaredConnector } from './connector';
import { loadConnector } from './load';

export const PLUGIN_TYPE = 'twinflow-connector';
/** Of what is registered. A package for a later one is refused, not misread. */
export const PACKAGE_API = 1;

/** What one package registered. */
interface Registered {
  kind: string;
  connector: Connector;
}

export class ConnectorPackages {
  /** by definition; undefined = it cannot be used */
  private readonly read = new Map<object, Registered | undefined>();

  /**
   * @param registered the definitions of all plugins of our type, in the order of registration
   * @param taken kinds that there are already
   * @param warn receives each problem once: a sentence that names the package
   */
  constructor(
    private readonly registered: () => readonly unknown[],
    private readonly taken: ReadonlySet<string>,
    private readonly warn: (problem: string) => void,
  ) {}

  /** By kind. A package that cannot be used does not affect the others. */
  connectors(): Readonly<Record<string, Connector>> {
    const found = new Map<string, Connector>();
    for (const definition of this.registered()) {
      if (!isJson(definition)) continue;
      if (!this.read.has(definition)) this.read.set(definition, this.check(definition));
      const known = this.read.get(definition);
      if (known) found.set(known.kind, known.connector);
    }
    return Object.fromEntries(found);
  }

  private check(definition: Record<string, unknown>): Registered | undefined {
    const name = textOf(definition.module) ?? textOf(definition.id) ?? 'a package';
    const refuse = (why: string): undefined => {
      this.warn(`${name}: ${why}`);
      return undefined;
    };
    if (definition.api !== PACKAGE_API)
      return refuse(
        `it registers a connector for interface ${String(definition.api).slice(0, 20)}, and this Twinflow has ${PACKAGE_API}. ` +
          'Install versions of both that fit together',
      );
    try {
      const { connector } = definition;
      const loaded = loadConnector(
        typeof connector === 'string' ? connector : JSON.stringify(isJson(connector) ? connector : null),
        name,
      );
      if ('problems' in loaded) {
        for (const problem of loaded.problems) this.warn(problem);
        return undefined;
      }
      const { kind } = loaded.file;
      if (this.taken.has(kind)) return refuse(`the kind "${kind}" is one of Twinflow's own; the package is not used`);
      for (const [other, known] of this.read)
        if (known?.kind === kind)
          return refuse(
            `the kind "${kind}" is that of ${textOf(Reflect.get(other, 'module')) ?? 'another package'}, which is used. Remove one of them`,
          );
      return { kind, connector: declaredConnector(loaded.file) };
    } catch (thrown) {
      // a text that is nested without end, or an object in a circle
      return refuse(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
}
