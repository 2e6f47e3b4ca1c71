/** One visible step of a command. `update` replaces the detail shown behind the title. */
export interface Step {
  readonly title: string;
  run(update: (detail: string) => void): Promise<void>;
}

/** How a command shows what it does: on stderr, or not at all. */
export interface Progress {
  /** Runs the steps in order; the first failure stops the rest and is thrown. */
  steps(steps: readonly Step[]): Promise<void>;
  /** A warning or a fact worth a line, whatever the renderer. */
  notice(line: string): void;
  /** The same for one of several things that go on at once: lines instead of a live list. */
  beside(): Progress;
}

/** Shows nothing: for what a command does on its way. */
export const silent: Progress = {
  steps: async (steps) => {
    for (const step of steps) await step.run(() => undefined);
  },
  notice: () => undefined,
  beside: () => silent,
};
