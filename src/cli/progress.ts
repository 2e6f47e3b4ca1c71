import type { ListrDefaultRendererLogLevels } from 'listr2';
import { silent, type Progress, type Step } from '../progress.ts';

export interface ProgressOptions {
  readonly json: boolean;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** A live list on a terminal, plain lines in a pipe, nothing under `--json`. Always on stderr. */
export function createProgress({ json, stderr, env }: ProgressOptions): Progress {
  if (json) return silent;
  const lines = inLines((line) => void stderr.write(`${line}\n`));
  const isLive = stderr.isTTY && stderr.columns > 0 && env['TERM'] !== 'dumb' && !env['CI'];
  return isLive ? { ...lines, steps: (steps) => runLive(steps, stderr) } : lines;
}

function inLines(say: (line: string) => void): Progress {
  const progress: Progress = {
    steps: (steps) => runEach(steps, say),
    notice: say,
    beside: () => progress,
  };
  return progress;
}

const noteworthyMs = 1_000;

async function runEach(steps: readonly Step[], say: (line: string) => void): Promise<void> {
  for (const step of steps) {
    say(step.title);
    const started = performance.now();
    await step.run(() => undefined);
    const tookMs = performance.now() - started;
    if (tookMs >= noteworthyMs) say(`${step.title}: done in ${(tookMs / 1000).toFixed(1)} s`);
  }
}

async function runLive(steps: readonly Step[], stderr: NodeJS.WriteStream): Promise<void> {
  if (steps.length === 0) return;
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const processOutput = new ProcessOutput(stderr, stderr);
  const list = new Listr(
    steps.map((step) => ({
      title: step.title,
      task: (_context: unknown, task: { output: string }) =>
        step.run((detail) => {
          task.output = detail;
        }),
    })),
    {
      renderer: 'default',
      registerSignalListeners: false,
      forceTTY: true,
      rendererOptions: {
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          useIcons: true,
          processOutput,
        }),
        formatOutput: 'truncate',
        // The error is printed once, by main.ts.
        showErrorMessage: false,
        collapseErrors: false,
      },
    },
  );
  await list.run();
}
