/** What these tests use of node-red-node-test-helper, which comes without types. */

declare module 'node-red-node-test-helper' {
  import type { Node, NodeAPI } from 'node-red';

  interface TestHelper {
    init(runtimePath: string): void;
    settings(settings: Record<string, unknown>): void;
    startServer(done?: () => void): void;
    stopServer(done?: () => void): void;
    load(modules: ((RED: NodeAPI) => void)[], flow: object[]): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): Node;
    /** what was logged, as calls of a spy */
    log(): { args: { level?: number; type?: string; msg?: unknown }[][] };
  }

  const helper: TestHelper;
  export default helper;
}
