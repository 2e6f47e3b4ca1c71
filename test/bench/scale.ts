import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BenchHome } from './home.ts';
import { medians, timed } from './measure.ts';
import { ratioRow, type Row } from './report.ts';
import { addAndRaw } from './user-add.ts';

interface Scale {
  /** Tenants whose server runs. */
  readonly live: number;
  /** Aborted by Ctrl-C; what was made is removed all the same. */
  readonly signal: AbortSignal;
}

const users = 1000;
const few = 10;
const rounds = 5;
const atOnce = '4';
const light = join(import.meta.dirname, '../fixtures/light');
const flags = ['--server', light];
const settings = { ports: { start: 20_000, end: 31_999 }, admission: { memoryShare: 100 } };

/** What is compared, with the most it may take in milliseconds for all of them; undefined: see the ratio. */
const commands: readonly (readonly [command: string, budgetMs: number | undefined])[] = [
  ['up', 2000],
  ['plan', 2000],
  ['status', 2000],
  ['ports', 2000],
  ['doctor', 2000],
  ['user list', undefined],
];

/** Commands on many users, of whom many run, against few; and what one more costs. */
export async function benchScale({ live, signal }: Scale): Promise<Row[]> {
  using small = new BenchHome(settings);
  using large = new BenchHome(settings);
  try {
    say('the first user');
    const first = await addAndRaw(small, { rounds, flags });
    small.run(['user', 'remove', 'copied', '--purge', '--yes']);
    signal.throwIfAborted();
    addLive(small, few);
    large.fill(users - live, { down: true });
    say(`${live} users`);
    const fillMs = await timed(() => addLive(large, live));
    signal.throwIfAborted();
    const rows = await compare({ small, large, live, signal });
    say('one more');
    const last = await addAndRaw(large, { rounds, flags });
    return [
      ...rows,
      {
        what: `\`mcpd user add\` over raw API calls, ${live} live`,
        measured: `${(last.add / last.raw).toFixed(2)}×, ${Math.round(last.add)} ms`,
        against: `the first: ${(first.add / first.raw).toFixed(2)}×, ${Math.round(first.add)} ms`,
        budget: '≤ 1.1× its ratio',
        verdict: last.add / last.raw <= (1.1 * first.add) / first.raw ? 'met' : 'over',
      },
      {
        what: `\`mcpd apply --parallel ${atOnce}\`, ${live} users`,
        measured: `${(fillMs / 1000).toFixed(0)} s`,
        against: '',
        budget: '',
        verdict: '',
      },
    ];
  } finally {
    say('removing them');
    for (const home of [small, large]) removeAll(home);
    removeImage();
  }
}

interface Sizes extends Scale {
  readonly small: BenchHome;
  readonly large: BenchHome;
}

async function compare({ small, large, live, signal }: Sizes): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [command, budgetMs] of commands) {
    say(command);
    signal.throwIfAborted();
    // Doctor has its own opinion of the machine.
    const run = (home: BenchHome, count: number) => {
      // All by itself it would bring up the others too.
      const argv = command === 'up' ? ['up', ...liveNames(count)] : command.split(' ');
      return timed(() => home.run(argv, { codes: [0, 1] }));
    };
    const contestants = { small: () => run(small, few), large: () => run(large, live) };
    const ms = await medians(contestants, rounds);
    const row = ratioRow({
      what: `\`mcpd ${command}\`, ${live} live of ${users} users`,
      ms: ms.large,
      against: `with ${few} live`,
      againstMs: ms.small,
      budget: 2,
    });
    const isMet = ms.large <= (budgetMs ?? Infinity);
    rows.push(
      budgetMs === undefined
        ? row
        : { ...row, budget: `≤ ${budgetMs / 1000} s`, verdict: isMet ? 'met' : 'over' },
    );
  }
  return rows;
}

/** As many users as a document can say, with one server that costs next to nothing. */
function addLive(home: BenchHome, count: number): void {
  home.run(['apply', '--file', '-', '--parallel', atOnce], {
    input: JSON.stringify({
      version: 1,
      templates: { light },
      users: Object.fromEntries(liveNames(count).map((name) => [name, { servers: ['light'] }])),
    }),
  });
}

function liveNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `live-${index}`);
}

/** Everything on the engine; the registry goes with the home. */
function removeAll(home: BenchHome): void {
  const { users: left } = home.json<{ users: { name: string; down: boolean }[] }>(['user', 'list']);
  const names = left.filter(({ down }) => !down).map(({ name }) => name);
  if (names.length > 0) home.run(['down', ...names, '--yes', '--parallel', atOnce]);
}

function removeImage(): void {
  const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' });
  const ids = docker('image', 'ls', '-q', '--filter', 'label=mcpd.template=light').split('\n');
  docker('image', 'rm', '--force', ...new Set(ids.filter(Boolean)));
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}
