/** One command to kill, from one state to another. */
export interface Scenario {
  readonly name: string;
  /** What makes the state it starts from. */
  readonly given: readonly Step[];
  readonly command: string;
  /** Its standard input. */
  readonly input?: string;
  /** What leads from where it leads to back to the state it starts from. */
  readonly undo: readonly Step[];
  /** What is done half may stay so until the same command is run again; `up` alone finishes all others. */
  readonly needsItself?: true;
  readonly config?: object;
  /** Every kill in a new home: what is made there once, is made in it. */
  readonly isFirst?: true;
  /** There is a second home, which `{other}` stands for. */
  readonly hasOther?: true;
  /** The command that puts things right; `up` if left out. */
  readonly mend?: string;
}

/**
 * A command that must succeed, or something else that is done. In a command `{secret}` stands for a file
 * with a value, `{files}` for a folder, `{home}` and `{other}` for the homes, and words that were
 * remembered for what they stand for. One that begins with `other: ` is run in the other home.
 */
export type Step = string | ((world: World) => Promise<void>);

/** What a step that is no command has to do with. */
export interface World {
  /** A folder beside the home, for whatever is made by the way. */
  readonly files: string;
  readonly home: string;
  /** Where the home's run-time material is. */
  runtime(): Promise<string>;
  /** Runs a command to its end, or to where it is killed. */
  run(command: string, killAt?: string): Promise<string>;
  /** Makes `{word}` stand for a text. */
  remember(word: string, text: string): void;
  /** Disposed of with the home. */
  add<One extends AsyncDisposable>(one: One): One;
}

/** Two commands of which each leads back from where the other leads to. */
interface Pair {
  readonly given: readonly Step[];
  readonly there: Way;
  readonly back: Way;
}

type Way = Pick<Scenario, 'name' | 'command' | 'needsItself'>;

export function bothWays({ given, there, back }: Pair): readonly Scenario[] {
  return [
    { ...there, given, undo: [back.command] },
    { ...back, given: [...given, there.command], undo: [there.command] },
  ];
}
