import assert from 'node:assert/strict';
import { registerMetrics } from '../../../nodes/admin/metrics';
import { LandedCounts } from '../../../nodes/runtime/landed';
import { Workbench } from '../../engine/workbench';
import { JsonServer } from './json-host';

describe('the metrics for Prometheus', () => {
  let bench: Workbench;
  let server: JsonServer;
  let counts: LandedCounts;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0, name: 'A "b"\\c\nd' });
    counts = new LandedCounts();
    server = new JsonServer();
    registerMetrics(server.host, {
      integrations: () => [{ config: bench.integration.config, ready: Promise.resolve(bench.integration) }],
      landed: () => counts.all(),
    });
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    await bench.stop();
  });

  it('tell the state in lines that Prometheus reads, whatever names hold', async () => {
    bench.one.save(undefined, { title: 'A' });
    await bench.sync();
    bench.two.refuses = () => ({ title: 'no' });
    bench.one.save(undefined, { title: 'B' });
    await bench.sync();
    counts.landed({ integration: 'integration', direction: 'forward', outcome: 'created' });
    counts.landed({ integration: 'integration', direction: 'forward', outcome: 'created' });
    counts.failed('integration', 1, true);
    const { status, text, type } = await server.text('metrics');
    assert.equal(status, 200);
    assert.match(type, /^text\/plain; version=0\.0\.4/);
    const lines = text.trimEnd().split('\n');
    const sample = /^twinflow_\w+\{(\w+="(?:[^"\\\n]|\\[\\n"])*",?)*\} -?\d+(\.\d+)?$/;
    for (const line of lines) assert.ok(line.startsWith('# ') || sample.test(line), line);
    const name = 'integration="A \\"b\\"\\\\c\\nd",id="integration"';
    assert.ok(lines.includes(`twinflow_integration_up{${name}} 1`), text);
    assert.ok(lines.includes(`twinflow_changes{${name},side="1",system="One",state="parked"} 1`), text);
    assert.ok(lines.includes(`twinflow_links{${name}} 1`), text);
    assert.ok(lines.includes(`twinflow_results_total{${name},direction="forward",outcome="created"} 2`), text);
    assert.ok(lines.includes(`twinflow_results_total{${name},direction="forward",outcome="parked"} 1`), text);
    assert.ok(lines.some((line) => line.startsWith('twinflow_last_poll_timestamp_seconds')));
  });

  it('10: need the permission to read', async () => {
    server.denied = 'twinflow.read';
    assert.equal((await server.text('metrics')).status, 401);
  });
});
