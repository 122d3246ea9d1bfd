/**
 * The one suite that every connector passes. A connector's own test file starts its system and calls this; the checks,
 * each a sentence, are in connector/. Economical: some 200 writes, so that it runs on a real server.
 */

import { capabilityChecks } from './connector/capabilities';
import { fileChecks } from './connector/files';
import { findingChecks } from './connector/finding';
import type { ConnectorHarness } from './connector/harness';
import { partChecks } from './connector/parts';
import { pickingChecks } from './connector/picking';
import { pollingChecks } from './connector/polling';
import { Probe } from './connector/probe';
import { relationChecks } from './connector/relations';
import { remoteLinkChecks } from './connector/remote-links';
import { structureChecks } from './connector/structure';
import { troubleChecks } from './connector/trouble';
import { writingChecks } from './connector/writing';

export {
  type ConnectorHarness,
  type Fault,
  type FileAbilities,
  type FilesUnderTest,
  fileBytes,
  type Mend,
  type PartAbilities,
  type PartPerson,
  type PartsUnderTest,
  type Person,
  type RelationsUnderTest,
  type Sample,
  type SystemUnderTest,
  type Troubles,
} from './connector/harness';

/** Declares the checks with mocha. @param title names the system, e.g. "Redmine 5.0" */
export function connectorConformance(title: string, harness: ConnectorHarness): void {
  const { unavailable } = harness;
  if (unavailable !== undefined) {
    describe.skip(`connector conformance: ${title} (skipped: ${unavailable})`, () => {
      it('passes every check', () => undefined);
    });
    return;
  }
  describe(`connector conformance: ${title}`, function () {
    this.timeout(harness.timeoutMs ?? 20_000);
    const probe = new Probe(harness);
    before(() => probe.start());
    after(() => probe.stop());
    capabilityChecks(probe);
    structureChecks(probe);
    writingChecks(probe);
    remoteLinkChecks(probe, harness.remoteLinks ?? false);
    relationChecks(probe, harness.relations);
    pollingChecks(probe);
    findingChecks(probe, harness.markers ?? true);
    pickingChecks(probe);
    partChecks(probe, harness.parts);
    troubleChecks(probe);
    fileChecks(probe, harness.files);
  });
}
