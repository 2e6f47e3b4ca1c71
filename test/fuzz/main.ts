// Sends a bridge whatever a client could, right and wrong: `npm run fuzz`. A failure is tried again with
// `npm run fuzz -- --seed SEED --from NUMBER --count 1`.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { fuzz } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '100000' },
  },
});
const [seed, from, count] = [values.seed, values.from, values.count].map(Number) as [
  number,
  number,
  number,
];
const started = performance.now();
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
tell(`seed ${seed}`);
const { failures, complaints, rssBytes } = await fuzz({ seed, from, count, tell });
for (const failure of failures) {
  process.stdout.write(`${JSON.stringify(failure, undefined, 1)}\n`);
  tell(`again: npm run fuzz -- --seed ${seed} --from ${failure.number} --count 1`);
}
for (const complaint of complaints) process.stdout.write(`${complaint}\n`);
const seconds = Math.round((performance.now() - started) / 1000);
const wrong = failures.length + complaints.length;
tell(`${count} inputs in ${seconds} s, at most ${rssBytes >> 20} MiB, ${wrong} things wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
