import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import { Plugin } from '@oclif/core/config';
import type { PJSON } from '@oclif/core/interfaces';
import { BaseCommand } from './base-command.ts';

/** What oclif runs: the commands of this package, each loaded when it is run. */
export async function openProgram(root: string): Promise<Program> {
  // Else oclif looks for it in several places.
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PJSON;
  const program = new Program({ root, type: 'core', isRoot: true, name: 'mcpd', pjson });
  await program.load();
  return program;
}

/** oclif looks for a file per command; ours are in one bundle. */
class Program extends Plugin {
  /** Id of the command that is run; it may load others, to tell of them. */
  loaded: string | undefined;

  /** As typed: `user add`. */
  get names(): string[] {
    return this.commandIDs.map((id) => id.replaceAll(':', ' '));
  }

  override async findCommand(id: string): Promise<Command.Class> {
    const module: unknown = await import(`../commands/${id.replaceAll(':', '/')}.ts`);
    const { default: command } = module as { default: Command.Class };
    // Named here so that what all commands need is loaded with the program, from one file.
    if (!(command.prototype instanceof BaseCommand)) throw new TypeError(`${id} is no command`);
    command.id = id;
    command.plugin = this;
    this.loaded ??= id;
    return command;
  }
}
