/**
 * Tests that need something that is not available everywhere: a server, a browser. Without it they are skipped, and the
 * title says why. If TWINFLOW_REQUIRE_SERVERS is set (CI), a missing one is a failure.
 */

export type Needed<T> = { there: T } | { missing: string };

/** A suite for an available resource, or otherwise one skipped (or failing) test that names what is missing. */
export function describeWith<T>(title: string, needed: Needed<T>, suite: (this: Mocha.Suite, thing: T) => void): void {
  if ('there' in needed) {
    describe(title, function () {
      suite.call(this, needed.there);
    });
  } else if (process.env.TWINFLOW_REQUIRE_SERVERS) {
    it(title, () => {
      throw new Error(needed.missing);
    });
  } else {
    it.skip(`${title} (${needed.missing})`);
  }
}
