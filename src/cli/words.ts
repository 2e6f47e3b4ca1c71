import type { ParserOutput } from '@oclif/core/interfaces';
import type { Subjects } from '../audit/snapshot.ts';

/** A command for the audit: flags by their names only, since values may be secrets. */
export interface CommandWords {
  /** `mcpd user update bob --memory` */
  readonly command: string;
  /** The same without flags, for messages: `mcpd user update bob`. */
  readonly named: string;
  /** The first thing named: `bob`, `bob/filesystem`. */
  readonly object: string | undefined;
  readonly subjects: Subjects;
}

export interface Parsed {
  readonly bin: string;
  /** `user:update` */
  readonly id: string;
  readonly raw: ParserOutput['raw'];
  /** How many of its arguments name things; what follows is another program's. */
  readonly named: number;
}

export function commandWords({ bin, id, raw, named }: Parsed): CommandWords {
  const things = raw
    .filter((token) => token.type === 'arg')
    .map(({ input }) => input)
    .slice(0, named);
  const words = [bin, ...id.split(':'), ...things];
  const flags = raw.filter((token) => token.type === 'flag').map(({ flag }) => `--${flag}`);
  return {
    command: [...words, ...new Set(flags)].join(' '),
    named: words.join(' '),
    object: things[0],
    subjects: subjectsOf(id, things),
  };
}

function subjectsOf(id: string, things: readonly string[]): Subjects {
  const isGroup = id.startsWith('group:');
  const users = (isGroup ? things.slice(1) : things).map((thing) => thing.split('/', 1)[0] ?? '');
  return { users: [...new Set(users)], groups: isGroup ? things.slice(0, 1) : [] };
}
