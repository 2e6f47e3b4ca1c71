import { readFile } from 'node:fs/promises';
import { makesRules, readDaemons } from '../host/daemons.ts';
import {
  judgeEngineRules,
  readLegacyRules,
  readNftRules,
  type EngineRules,
  type SeenRules,
} from './engine-rules.ts';
import { systemNft, systemTool } from './nft.ts';

interface Host {
  readonly env: NodeJS.ProcessEnv;
  readonly uid: number;
}

/** Looks for the rules that the engine makes, whose backend it names; changes nothing. */
export async function seeEngineRules(
  { env, uid }: Host,
  backend: string | undefined,
): Promise<EngineRules> {
  if (uid !== 0) return { status: 'unknown' };
  const found = judgeEngineRules({ backend, places: [await seeNft(env), await seeLegacy(env)] });
  if (found.status !== 'lost') return found;
  // None of an engine that makes none, or that is elsewhere, can be lost.
  const makers = (await readDaemons()).map((daemon) => makesRules(daemon));
  if (makers.includes(true)) return found;
  return { status: makers.length > 0 && !makers.includes(undefined) ? 'off' : 'unknown' };
}

async function seeNft(env: NodeJS.ProcessEnv): Promise<SeenRules | undefined> {
  const { code, stdout } = await systemNft(env)(['-j', '-t', 'list', 'ruleset', 'ip']);
  return code === 0 ? readNftRules(stdout) : undefined;
}

/** Asks only where the kernel has such tables: asking makes them. */
async function seeLegacy(env: NodeJS.ProcessEnv): Promise<SeenRules | undefined> {
  const names = await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '');
  if (!names.split('\n').includes('nat')) return { tables: new Set(), jumps: new Set() };
  for (const name of ['iptables-legacy-save', 'iptables-save']) {
    const { code, stdout } = await systemTool(env, [name])([]);
    const seen = code === 0 ? readLegacyRules(stdout) : undefined;
    if (seen) return seen;
  }
  return undefined;
}
