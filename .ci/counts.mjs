// Prints `N passed, N failed` out of the report that vitest wrote as JSON.
import { readFileSync } from 'node:fs';

const [file = ''] = process.argv.slice(2);
const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
// A file that can't be loaded has failed, though no test of it was run.
const unloaded = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
).length;
process.stdout.write(`${numPassedTests} passed, ${numFailedTests + unloaded} failed\n`);
