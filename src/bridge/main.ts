import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { createBridge, type Bridge } from './bridge.ts';
import { loadAll } from './builtins.ts';
import { recordsMount, runtimeMount, userMount, type BridgeConfig } from './config.ts';
import { fullness } from './fullness.ts';
import { readTrustedIssuer } from './issuer.ts';
import { endLeftovers } from './leftovers.ts';
import { rememberEra } from './modern/era-file.ts';
import { readLiveTokens } from './live-tokens.ts';
import { readMaterial } from './material.ts';
import { countOomKills } from './oom.ts';
import { readContainer } from './records/container.ts';
import { recordTokenUse, tokenUseFile } from './token-use.ts';
import { readPolicyFile } from './policy/policy-file.ts';
import { countThrottles, hasSeveralProcessors } from './throttling.ts';
import { Vigil } from './vigil.ts';
import { watchFolder } from './watched.ts';

const log = (line: string): void => void process.stdout.write(`${line}\n`);
const printStderr = (line: string): void => void process.stderr.write(`${line}\n`);
/** In a container, where init has no other. Looked at once: an orphan elsewhere becomes init's child too. */
const isInitsChild = process.ppid === 1;

start(process.argv.slice(2)).catch((error: unknown) => {
  printStderr(`the bridge cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});

async function start(argv: readonly string[]): Promise<void> {
  const folder = configFolder(argv);
  // A bridge that runs elsewhere keeps its records with its material.
  const records = folder === runtimeMount ? recordsMount : join(folder, 'records');
  const { config, secrets } = readMaterial(folder);
  const watch = watchFolder(folder);
  const bridge = createBridge({
    config,
    secrets,
    isLive: readLiveTokens(join(folder, 'tokens.json'), systemClock, watch),
    issuer: readTrustedIssuer(join(folder, 'issuer.json'), watch),
    tokenUse: recordTokenUse(join(records, tokenUseFile), systemClock),
    readPolicy: readPolicyFile(join(folder, 'policy.json'), watch),
    userFolder: existsSync(userMount) ? userMount : undefined,
    countOomKills,
    vigil: hasSeveralProcessors() ? startVigil() : undefined,
    fullness,
    records: { folder: records, readContainer },
    eraMemory: rememberEra(join(records, 'era.json'), config.server.image),
    onHopeless: () => {
      log('the MCP server fails at every start: giving up');
      void bridge.close().then(() => process.exit(1));
    },
    endLeftovers: () => endLeftoversOf(config),
    patience: { eofMs: 2_000, termMs: 2_000 },
    path: process.env['PATH'],
    clock: systemClock,
    log,
    printStderr,
  });
  closeOnSignal(bridge);
  const port = await bridge.listen();
  log(`${config.server.key}: listening on port ${port}`);
  // While nobody waits for an answer.
  setImmediate(loadAll);
}

function startVigil(): Vigil {
  return new Vigil({ now: () => performance.now(), onNextTurn: setImmediate, countThrottles });
}

/** Only with the tenant's uid apart from this one, and in a container of the bridge's own. */
function endLeftoversOf({ server: { identity } }: BridgeConfig): void {
  if (identity && isInitsChild) endLeftovers({ uid: identity.uid });
}

/** `--config DIR`, else where the host mounts it in a container. */
function configFolder(argv: readonly string[]): string {
  const [option, folder, ...rest] = argv;
  if (option === undefined) return runtimeMount;
  if (option !== '--config' || folder === undefined || rest.length > 0) {
    throw new Error('usage: bridge [--config DIR]');
  }
  return folder;
}

function closeOnSignal(bridge: Bridge): void {
  let isClosing = false;
  const close = (signal: NodeJS.Signals): void => {
    if (isClosing) return;
    isClosing = true;
    log(`${signal}: shutting down`);
    void bridge.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', close).on('SIGINT', close);
}
