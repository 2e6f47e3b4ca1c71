// Makes sure that a container engine answers: `npm run engine`. Safe to run again and in parallel.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect } from '../src/engine/docker/client.ts';
import { resolveEndpoint } from '../src/engine/docker/endpoint.ts';
import { McpdError } from '../src/errors.ts';
import { onePerHost } from '../src/image/once.ts';
import { decide, type EngineStep, type Facts, type Program } from './engine-steps.ts';

const logFile = '/var/log/dockerd.log';
const startMs = 60_000;
// A login shell of a plain user has no sbin folders.
const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

await onePerHost('engine', { maxWaitMs: 10 * 60_000, onWait: () => say('Waiting.') }, main);

async function main(): Promise<void> {
  const decision = decide(await gatherFacts());
  if ('impossible' in decision) {
    fail(decision.impossible);
    return;
  }
  for (const step of decision.steps) if (!(await carryOut(step))) return;
  const version = await engineVersion();
  if (version === undefined) fail('No engine answers.');
  else say(`Docker ${version} answers.`);
}

async function gatherFacts(): Promise<Facts> {
  const programs: readonly Program[] = ['dockerd', 'iptables', 'nft', 'busybox'];
  return {
    answers: (await engineVersion()) !== undefined,
    elsewhere: !isLocal(),
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasApt: isOnPath('apt-get'),
    // The folder exists exactly when systemd runs the machine.
    hasSystemd: existsSync('/run/systemd/system'),
    missing: programs.filter((program) => !isOnPath(program)),
  };
}

/** Undefined when no engine answers. */
async function engineVersion(): Promise<string | undefined> {
  try {
    return (await (await connect(process.env)).version()).Version;
  } catch (error) {
    if (error instanceof McpdError) return undefined;
    throw error;
  }
}

function isLocal(): boolean {
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  const homeFolder = process.env['HOME'] ?? '/root';
  const endpoint = resolveEndpoint({ env: process.env, homeFolder, read, exists: existsSync });
  return endpoint.kind === 'socket' && endpoint.path === '/var/run/docker.sock';
}

function isOnPath(program: string): boolean {
  return path.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** False when it failed and there is no going on. */
async function carryOut(step: EngineStep): Promise<boolean> {
  if (step.type === 'start') return step.by === 'systemctl' ? startUnit() : startDaemon();
  if (install(step.packages)) return true;
  const names = step.packages.join(', ');
  if (step.optional) say(`Could not install ${names}; going on without.`);
  else fail(`Could not install ${names}: see the output of apt-get above.`);
  return step.optional;
}

function install(names: readonly string[]): boolean {
  say(`Installing ${names.join(', ')}.`);
  const apt = (...args: string[]) =>
    run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', ...args]);
  // An outdated list is still worth a try.
  apt('update');
  return apt('install', '-y', '--no-install-recommends', '--no-upgrade', ...names);
}

async function startUnit(): Promise<boolean> {
  if (run('systemctl', ['enable', '--now', 'docker']) && (await answers(() => true))) return true;
  return fail('Docker did not start: journalctl -u docker tells why.');
}

async function startDaemon(): Promise<boolean> {
  // Its package may just have started it.
  if ((await engineVersion()) !== undefined) return true;
  say(`Starting dockerd; its log is ${logFile}.`);
  const log = openSync(logFile, 'a');
  const env = { ...process.env, PATH: path };
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log], env });
  closeSync(log);
  daemon.unref();
  if (await answers(() => daemon.exitCode === null)) return true;
  return fail(`dockerd did not start: ${logFile} tells why.`);
}

/** Waits until an engine answers; false when it takes too long, or `mayStill` says no. */
async function answers(mayStill: () => boolean): Promise<boolean> {
  const deadline = Date.now() + startMs;
  while ((await engineVersion()) === undefined) {
    if (Date.now() > deadline || !mayStill()) return false;
    await setTimeout(250);
  }
  return true;
}

function run(program: string, args: readonly string[]): boolean {
  const env = { ...process.env, PATH: path, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  // What they print is progress, so it goes to stderr.
  return spawnSync(program, args, { env, stdio: ['ignore', 2, 2] }).status === 0;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(line: string): false {
  say(line);
  process.exitCode = 1;
  return false;
}
