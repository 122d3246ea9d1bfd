/** The conformance suite itself: it finds what it is there to find. That it lets right connectors pass, they show. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DEFECTS } from './connector/defects';

interface Report {
  failures: { fullTitle: string }[];
  passes: { fullTitle: string }[];
}

describe('the conformance suite of connectors', () => {
  let report: Report;

  before(function (done) {
    this.timeout(60_000);
    const mocha = require.resolve('mocha/bin/mocha.js');
    const args = ['--import', 'tsx', mocha, '--reporter', 'json', join(__dirname, 'connector', 'defects.ts')];
    const env = { ...process.env, TWINFLOW_DEFECTS: '1' };
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (_failed, output) => {
      report = JSON.parse(output.slice(output.indexOf('{')));
      done();
    });
  });

  for (const [title, { found }] of Object.entries(DEFECTS)) {
    it(`finds ${title}`, () => {
      const of = (list: { fullTitle: string }[]) => list.filter((check) => check.fullTitle.includes(title));
      assert.ok(of(report.passes).length > 20, 'most checks have nothing to find fault with');
      const failed = of(report.failures).map((check) => check.fullTitle);
      assert.ok(
        failed.some((check) => check.includes(found)),
        `"${found}" passed; these failed:\n${failed.join('\n')}`,
      );
    });
  }
});
