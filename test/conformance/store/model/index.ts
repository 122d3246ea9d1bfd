/**
 * The contract of the store once more, as the simplest program that keeps it: lists that are searched from end to end,
 * nothing durable. The random checks compare a store with it.
 */

import type { Store } from '../../../../lib/store/store';
import { ModelJournal } from './journal';
import { ModelKin } from './kin';
import { ModelLanding } from './landing';
import { ModelLines } from './lines';
import { ModelLinks } from './links';
import { ModelOwing } from './owing';
import { ModelParked } from './parked';
import { ModelParts } from './parts';
import { ModelQueue } from './queue';
import { Model } from './state';
import { ModelUpkeep } from './upkeep';
import { ModelWaits } from './waits';

export class ModelStore implements Store {
  private readonly model = new Model();
  private readonly kin = new ModelKin(this.model);
  private readonly lines = new ModelLines(this.model);
  private readonly aside = new ModelParked(this.model, this.lines);
  private readonly waits = new ModelWaits(this.model, this.kin, this.aside);
  private readonly queue = new ModelQueue(this.model, this.kin, this.lines, this.waits);
  private readonly parts = new ModelParts(this.model, this.queue, this.lines);
  private readonly owing = new ModelOwing(this.model);
  private readonly landing = new ModelLanding(
    this.model,
    this.kin,
    this.lines,
    this.waits,
    this.queue,
    this.parts,
    this.owing,
  );
  private readonly links = new ModelLinks(this.model);
  private readonly entries = new ModelJournal(this.model);
  private readonly upkeep = new ModelUpkeep(this.model, this.queue);

  readonly sequence: Store['sequence'] = (...given) => this.model.sequence(...given);
  readonly setPlace: Store['setPlace'] = (...given) => this.kin.setPlace(...given);
  readonly placeOf: Store['placeOf'] = (...given) => this.kin.placeOf(...given);
  readonly kinOf: Store['kinOf'] = (...given) => this.kin.kinOf(...given);
  readonly linksBySystem: Store['linksBySystem'] = (...given) => this.kin.linksBySystem(...given);
  readonly counterparts: Store['counterparts'] = (...given) => this.kin.counterparts(...given);
  readonly inTurn: Store['inTurn'] = (...given) => this.lines.inTurn(...given);
  readonly parked: Store['parked'] = (...given) => this.aside.parked(...given);
  readonly parkedNumbers: Store['parkedNumbers'] = (...given) => this.aside.parkedNumbers(...given);
  readonly parkedErrors: Store['parkedErrors'] = (...given) => this.aside.parkedErrors(...given);
  readonly oldestOpen: Store['oldestOpen'] = (...given) => this.aside.oldestOpen(...given);
  readonly standing: Store['standing'] = (...given) => this.aside.standing(...given);
  readonly findLinks: Store['findLinks'] = (...given) => this.links.findLinks(...given);
  readonly event: Store['event'] = (...given) => this.aside.event(...given);
  readonly unpark: Store['unpark'] = (...given) => this.aside.unpark(...given);
  readonly forgetSeen: Store['forgetSeen'] = (...given) => this.queue.forgetSeen(...given);
  readonly claim: Store['claim'] = (...given) => this.queue.claim(...given);
  readonly refresh: Store['refresh'] = (...given) => this.queue.refresh(...given);
  readonly recover: Store['recover'] = (...given) => this.queue.recover(...given);
  readonly load: Store['load'] = (...given) => this.queue.load(...given);
  readonly overdue: Store['overdue'] = (...given) => this.queue.overdue(...given);
  readonly openIntents: Store['openIntents'] = (...given) => this.queue.openIntents(...given);
  readonly intendUpdates: Store['intendUpdates'] = (...given) => this.queue.intendUpdates(...given);
  readonly skip: Store['skip'] = (...given) => this.queue.skip(...given);
  readonly fail: Store['fail'] = (...given) => this.queue.fail(...given);
  readonly show: Store['show'] = (...given) => this.queue.show(...given);
  readonly unshow: Store['unshow'] = (...given) => this.queue.unshow(...given);
  readonly record: Store['record'] = (...given) => this.parts.record(...given);
  readonly askParts: Store['askParts'] = (...given) => this.parts.askParts(...given);
  readonly askEarlier: Store['askEarlier'] = (...given) => this.parts.askEarlier(...given);
  readonly partsDue: Store['partsDue'] = (...given) => this.parts.partsDue(...given);
  readonly nextParts: Store['nextParts'] = (...given) => this.parts.nextParts(...given);
  readonly recordParts: Store['recordParts'] = (...given) => this.parts.recordParts(...given);
  readonly owed: Store['owed'] = (...given) => this.owing.owed(...given);
  readonly settleOwed: Store['settleOwed'] = (...given) => this.owing.settleOwed(...given);
  readonly resumeOwed: Store['resumeOwed'] = (...given) => this.owing.resumeOwed(...given);
  readonly oweEarlier: Store['oweEarlier'] = (...given) => this.owing.oweEarlier(...given);
  readonly owedCounts: Store['owedCounts'] = (...given) => this.owing.owedCounts(...given);
  readonly move: Store['move'] = (...given) => this.owing.move(...given);
  readonly land: Store['land'] = (...given) => this.landing.land(...given);
  readonly end: Store['end'] = (...given) => this.landing.end(...given);
  readonly readAgain: Store['readAgain'] = (...given) => this.waits.readAgain(...given);
  readonly unlink: Store['unlink'] = (...given) => this.landing.release(...given);
  readonly linkOf: Store['linkOf'] = (...given) => this.links.linkOf(...given);
  readonly linksAfter: Store['linksAfter'] = (...given) => this.links.linksAfter(...given);
  readonly partLinks: Store['partLinks'] = (...given) => this.links.partLinks(...given);
  readonly linksOf: Store['linksOf'] = (...given) => this.links.linksOf(...given);
  readonly checkpoint: Store['checkpoint'] = (...given) => this.upkeep.checkpoint(...given);
  readonly setCheckpoint: Store['setCheckpoint'] = (...given) => this.upkeep.setCheckpoint(...given);
  readonly existing: Store['existing'] = (...given) => this.upkeep.existing(...given);
  readonly setExisting: Store['setExisting'] = (...given) => this.upkeep.setExisting(...given);
  readonly advance: Store['advance'] = (...given) => this.upkeep.advance(...given);
  readonly state: Store['state'] = (...given) => this.upkeep.state(...given);
  readonly doubt: Store['doubt'] = (...given) => this.upkeep.doubt(...given);
  readonly setDoubt: Store['setDoubt'] = (...given) => this.upkeep.setDoubt(...given);
  readonly integrationsKept: Store['integrationsKept'] = (...given) => this.upkeep.integrationsKept(...given);
  readonly counts: Store['counts'] = (...given) => this.upkeep.counts(...given);
  readonly note: Store['note'] = (...given) => this.entries.note(...given);
  readonly journal: Store['journal'] = (...given) => this.entries.journal(...given);
  readonly hours: Store['hours'] = (...given) => this.entries.hours(...given);
  readonly purge: Store['purge'] = async (integration) => {
    this.entries.purge(integration);
    await this.upkeep.purge(integration);
  };

  /** A restart ends what is being read. */
  forgetReadings(): void {
    this.model.ended.clear();
  }

  async close(): Promise<void> {}
}
