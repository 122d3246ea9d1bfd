import type { LinkRow } from '../../../lib/store/rows/link-tables';
import type {
  FlowRow,
  FlowTable,
  FormerRow,
  IdentityTable,
  NameTable,
  PlaceTable,
  SeenTable,
  SequenceTable,
} from '../../../lib/store/rows/rows';
import type { FlowData, MemoryData, NameData } from './data';
import { inOrder, type Table } from './table';

export class MemoryIdentity implements IdentityTable {
  constructor(private readonly data: MemoryData) {}

  get() {
    return this.data.identity.get(0) ?? { name: 'memory', opened: 0, doubt: null };
  }

  countOpening(): void {
    this.data.identity.set(0, { ...this.get(), opened: this.get().opened + 1 });
  }

  setDoubt(doubt: string | null): void {
    this.data.identity.set(0, { ...this.get(), doubt });
  }
}

export class MemorySequence implements SequenceTable {
  constructor(private readonly data: MemoryData) {}

  reserved(): number {
    return this.data.sequence.get(0)?.reserved ?? 0;
  }

  reserve(reserved: number): void {
    this.data.sequence.set(0, { reserved });
  }
}

export class MemoryNames implements NameTable {
  constructor(private readonly table: Table<number, NameData>) {}

  private sorted(): NameData[] {
    return inOrder(this.table.where(), ({ id }) => id);
  }

  find(name: string): number | undefined {
    return this.table.where((row) => row.name === name)[0]?.id;
  }

  nameOf(id: number): string | undefined {
    return this.table.get(id)?.name;
  }

  insert(name: string): number {
    if (this.find(name) !== undefined) throw new Error(`there is a name ${name}`);
    const id = (this.sorted().at(-1)?.id ?? 0) + 1;
    this.table.set(id, { id, name });
    return id;
  }

  remove(id: number): void {
    this.table.remove(id);
  }

  all(): string[] {
    return this.sorted().map(({ name }) => name);
  }

  hasSeveral(): boolean {
    return this.table.where().length > 1;
  }
}

export class MemoryPlaces implements PlaceTable {
  constructor(private readonly data: MemoryData) {}

  all(): { system: number; place: number }[] {
    return this.data.places.where();
  }

  set(system: number, place: number): void {
    this.data.places.set(system, { system, place });
  }

  formers(): FormerRow[] {
    return this.data.formers.where();
  }

  addFormer(row: FormerRow): void {
    const key = `${row.integration} ${row.system}`;
    if (!this.data.formers.get(key)) this.data.formers.set(key, row);
  }

  removeFormer(integration: number, system: number): void {
    this.data.formers.remove(`${integration} ${system}`);
  }

  removeFormers(integration: number): void {
    this.data.formers.removeWhere((row) => row.integration === integration);
  }
}

export class MemoryFlows implements FlowTable {
  constructor(private readonly data: MemoryData) {}

  private put(flow: number, to: Partial<FlowData>): void {
    const wishes = { wish: null, wishedUpTo: null, partsWish: null, partsUpTo: null, existing: null };
    const before = this.data.flows.get(flow) ?? { flow, system: null, checkpoint: null, ...wishes };
    this.data.flows.set(flow, { ...before, ...to });
  }

  get(flow: number): FlowRow | undefined {
    return this.data.flows.get(flow);
  }

  system(flow: number): number | undefined {
    return this.data.flows.get(flow)?.system ?? undefined;
  }

  setCheckpoint(flow: number, checkpoint: string | null): void {
    this.put(flow, { checkpoint });
  }

  setSystem(flow: number, system: number): void {
    this.put(flow, { system });
  }

  setWish(flow: number, wish: string | null, wishedUpTo: number | null): void {
    this.put(flow, { wish, wishedUpTo });
  }

  setPartsWish(flow: number, partsWish: string | null, partsUpTo: number | null): void {
    this.put(flow, { partsWish, partsUpTo });
  }

  setExisting(flow: number, existing: string | null): void {
    this.put(flow, { existing });
  }

  remove(flow: number): void {
    this.data.flows.remove(flow);
  }
}

export class MemorySeen implements SeenTable {
  constructor(private readonly data: MemoryData) {}

  version(flow: number, entity: string): string | undefined {
    return this.data.seen.get(`${flow} ${entity}`)?.version;
  }

  set(flow: number, entity: string, version: string): void {
    this.data.seen.set(`${flow} ${entity}`, { flow, version });
  }

  remove(flow: number, entity: string): void {
    this.data.seen.remove(`${flow} ${entity}`);
  }

  addParts(flow: number, version: string): void {
    const isMeant = (row: LinkRow) => row.integration === flow >> 1 && row.owner !== null;
    for (const { entity1, entity2 } of this.data.links.where(isMeant)) {
      const entity = flow % 2 === 0 ? entity1 : entity2;
      if (this.version(flow, entity) === undefined) this.set(flow, entity, version);
    }
  }

  removeFlow(flow: number): void {
    this.data.seen.removeWhere((row) => row.flow === flow);
  }
}
