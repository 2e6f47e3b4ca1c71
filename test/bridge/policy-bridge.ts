import { unusedPort } from '../support/unused.ts';
import { startBridge, type Setup, type TestBridge } from './harness.ts';

const fixture = new URL('../fixtures/policy-server.mjs', import.meta.url).pathname;

export interface PolicySetup extends Omit<Setup, 'options'> {
  readonly options?: readonly string[];
  /** The server speaks HTTP itself. */
  readonly isHttp?: boolean;
}

/** A bridge in front of the server with pages and users. */
export async function startPolicyBridge(setup: PolicySetup = {}): Promise<TestBridge> {
  const { options = [], isHttp = false, server, ...rest } = setup;
  const http = isHttp ? { http: { port: await unusedPort(), path: '/mcp' } } : {};
  const argv = [process.execPath, fixture, ...options];
  return startBridge({ ...rest, server: { argv, ...http, ...server } });
}
