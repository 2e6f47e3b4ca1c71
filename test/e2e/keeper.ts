import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callTool, type ToolCall } from '../support/call-tool.ts';
import type { OwnTemplate } from '../support/own-template.ts';
import type { AddedUser, Tenancy } from '../support/tenancy.ts';

/** Declares the secret that `Keeper` gives its user. */
export const withSecret = {
  secrets: [{ name: 'API_KEY', description: 'A key of the user’s own.' }],
};

const value = 'a value that nobody else has';

/** What must not change. */
export interface Belongings {
  readonly user: AddedUser['user'];
  readonly addresses: readonly { name: string; port: number; url: string }[];
  readonly file: string;
  readonly secret: string | undefined;
}

interface KeeperOptions {
  readonly tenancy: Tenancy;
  /** A copy of `everything`, which can show its environment, made `withSecret`. */
  readonly template: OwnTemplate;
  /** Calls a tool from where the servers can be reached. */
  readonly call?: (call: ToolCall) => Promise<string>;
}

/** A user with something to lose: addresses, a token, a file, a secret. */
export class Keeper {
  /** As they were when the user was added. */
  readonly belongings: Belongings;
  readonly #added: AddedUser;
  readonly #tenancy: Tenancy;
  readonly #call: (call: ToolCall) => Promise<string>;
  readonly #template: string;

  private constructor(options: KeeperOptions, added: AddedUser) {
    this.#added = added;
    this.belongings = {
      user: added.user,
      addresses: added.servers.map(({ name, port, url }) => ({ name, port, url })),
      file: 'kept',
      secret: value,
    };
    this.#tenancy = options.tenancy;
    this.#call = options.call ?? callTool;
    this.#template = options.template.name;
  }

  static async add(options: KeeperOptions): Promise<Keeper> {
    const { tenancy, template } = options;
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-secret-'));
    try {
      await writeFile(join(folder, 'key'), value);
      const added = await tenancy.addUser(
        'bob',
        `--server=filesystem,${template.folder}`,
        `--secret=API_KEY=@${join(folder, 'key')}`,
      );
      const keeper = new Keeper(options, added);
      const file = { path: '/workspace/kept.txt', content: 'kept' };
      await keeper.#use('filesystem', 'write_file', file);
      return keeper;
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** What a client and the administrator see; fails while a server isn't up. */
  async look(): Promise<Belongings> {
    const { user, servers } = await this.#tenancy.json<AddedUser>(['user', 'show', 'bob']);
    const file = { path: '/workspace/kept.txt' };
    const environment = await this.#use(this.#template, 'get-env');
    return {
      user,
      addresses: servers.map(({ name, port, url }) => ({ name, port, url })),
      file: await this.#use('filesystem', 'read_text_file', file),
      secret: (JSON.parse(environment) as Record<string, string>)['API_KEY'],
    };
  }

  /** Ids of the user's containers, by server. */
  async containers(): Promise<Record<string, string>> {
    const names = this.#added.servers.map(({ name }) => name);
    const entries = names.map(async (name) => [
      name === this.#template ? 'environment' : name,
      await this.#tenancy.containerOf('bob', name),
    ]);
    return Object.fromEntries((await Promise.all(entries)) as [string, string][]);
  }

  #use(server: string, tool: string, args?: Record<string, unknown>): Promise<string> {
    const url = this.#added.servers.find(({ name }) => name === server)?.url;
    if (url === undefined) throw new Error(`bob has no server ${server}`);
    return this.#call({ url, token: this.#added.token, tool, ...(args && { args }) });
  }
}
