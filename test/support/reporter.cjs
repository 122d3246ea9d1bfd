/**
 * Mocha's reporter for `npm test`: one line a suite with its time, failures in full, skipped tests by name, and as JSON in the file
 * that TWINFLOW_TEST_COUNTS names: the counts, and for each failure its title, its file and the first lines of its error.
 */

const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END } = Runner.constants;
const { EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Runner.constants;

/** The outermost suite that a test belongs to. */
function outermost(suite) {
  return suite.parent && !suite.parent.root ? outermost(suite.parent) : suite;
}

class Brief extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const tallies = new Map();
    const began = new Map();
    const skipped = [];
    const tally = (test) => {
      const suite = outermost(test.parent);
      if (!tallies.has(suite)) tallies.set(suite, { passed: 0, failed: 0 });
      return tallies.get(suite);
    };
    runner.on(EVENT_SUITE_BEGIN, (suite) => began.set(suite, Date.now()));
    runner.on(EVENT_TEST_PASS, (test) => {
      tally(test).passed += 1;
    });
    runner.on(EVENT_TEST_FAIL, (test) => {
      tally(test).failed += 1;
      console.log(`  ✗ ${test.fullTitle()}`);
    });
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(EVENT_SUITE_END, (suite) => {
      const { passed, failed } = tallies.get(suite) ?? { passed: 0, failed: 0 };
      if (passed + failed === 0) return;
      const seconds = ((Date.now() - began.get(suite)) / 1_000).toFixed(1);
      console.log(`  ${failed > 0 ? '✗' : '✓'} ${suite.title}  ${passed}/${passed + failed}  ${seconds} s`);
    });
    runner.once(EVENT_RUN_END, () => {
      for (const title of skipped) console.log(`  - skipped: ${title}`);
      if (this.failures.length > 0) reporters.Base.list(this.failures);
      const file = process.env.TWINFLOW_TEST_COUNTS;
      const failed = this.failures.map((test) => ({
        title: test.fullTitle(),
        file: test.file ?? test.parent?.file,
        error: String(test.err?.message ?? test.err)
          .split('\n')
          .slice(0, 12)
          .join('\n')
          .slice(0, 1_500),
      }));
      if (file) writeFileSync(file, JSON.stringify({ ...this.stats, failed }));
    });
  }
}

module.exports = Brief;
