import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { McpdError } from '../errors.ts';
import type { Policy } from '../policy/policy.ts';
import { findTemplate } from '../templates/catalog.ts';
import type { Template } from '../templates/schema.ts';
import type { Document, DocumentUser } from './document.ts';
import {
  followReference,
  ReferenceFault,
  type ReferenceWorld,
  type SecretState,
} from './references.ts';
import type { Path, Problem } from './source.ts';

/** What a document says there should be, with everything found that it refers to. */
export interface Wanted {
  /** Catalog names and folders of templates. */
  readonly images: readonly string[];
  readonly groups: ReadonlyMap<string, Policy>;
  readonly users: ReadonlyMap<string, WantedUser>;
}

export interface WantedUser {
  readonly group: string | null;
  readonly own: Policy;
  /** Undefined: whatever it is. */
  readonly osUser: string | undefined;
  /** As it really is, without links. Undefined: whatever it is. */
  readonly workspace: string | undefined;
  readonly servers: ReadonlyMap<string, WantedServer>;
  readonly secrets: ReadonlyMap<string, SecretState>;
}

export interface WantedServer {
  /** Catalog name, or absolute path of a template folder. */
  readonly reference: string;
  /** Why the user may have it although it is too risky for them. */
  readonly approval: string | undefined;
  /** Names of the secrets that it is given. */
  readonly secrets: readonly string[];
}

export interface ResolveWorld extends ReferenceWorld {
  /** The package's root, where the catalog is. */
  readonly assets: string;
}

/** Finds what a document refers to: templates, folders, secrets. All that isn't there is a problem. */
export async function resolveDocument(
  document: Document,
  world: ResolveWorld,
): Promise<{ readonly wanted: Wanted; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const templates = new Templates(document, world, problems);
  await templates.checkNames();
  const images = await templates.references(document.images ?? [], ['images']);
  const users = new Map<string, WantedUser>();
  for (const [name, user] of Object.entries(document.users ?? {})) {
    users.set(name, await resolveUser(user ?? {}, ['users', name], { templates, world, problems }));
  }
  const groups = Object.entries(document.groups ?? {});
  return {
    wanted: { images, groups: new Map(groups.map(([name, own]) => [name, own ?? {}])), users },
    problems,
  };
}

interface Resolving {
  readonly templates: Templates;
  readonly world: ResolveWorld;
  readonly problems: Problem[];
}

async function resolveUser(
  user: DocumentUser,
  path: Path,
  { templates, world, problems }: Resolving,
): Promise<WantedUser> {
  const { workspace } = user;
  const secrets = new Map<string, SecretState>();
  for (const [name, reference] of Object.entries(user.secrets ?? {})) {
    try {
      secrets.set(name, await followReference(name, reference, world));
    } catch (error) {
      if (!(error instanceof ReferenceFault)) throw error;
      problems.push({ path: [...path, 'secrets', name], message: error.message, atKey: true });
    }
  }
  return {
    group: user.group ?? null,
    own: user.policy ?? {},
    osUser: user.osUser,
    workspace: workspace && (await realpath(workspace).catch(() => workspace)),
    servers: await templates.servers(user.servers ?? ['filesystem'], [...path, 'servers']),
    secrets,
  };
}

type ServerEntry = NonNullable<DocumentUser['servers']>[number];

/** The templates of a document, each read once. */
class Templates {
  readonly #named: ReadonlyMap<string, string>;
  readonly #world: ResolveWorld;
  readonly #problems: Problem[];
  readonly #found = new Map<string, Promise<Template | McpdError>>();

  constructor({ templates = {} }: Document, world: ResolveWorld, problems: Problem[]) {
    const folders = Object.entries(templates);
    this.#named = new Map(folders.map(([name, path]) => [name, resolve(world.folder, path)]));
    this.#world = world;
    this.#problems = problems;
  }

  /** A server is named after its template, so the document must call it the same. */
  async checkNames(): Promise<void> {
    for (const name of this.#named.keys()) {
      const path = ['templates', name];
      const template = await this.#find(name, path);
      if (!template || template.name === name) continue;
      const message = `its template.json says that the name is ${template.name}`;
      this.#problems.push({ path, message, atKey: true });
    }
  }

  async references(written: readonly string[], path: Path): Promise<string[]> {
    const found = new Set<string>();
    for (const [index, one] of written.entries()) {
      if (await this.#find(one, [...path, index])) found.add(this.#reference(one));
    }
    return [...found];
  }

  async servers(
    entries: readonly ServerEntry[],
    path: Path,
  ): Promise<ReadonlyMap<string, WantedServer>> {
    const servers = new Map<string, WantedServer>();
    for (const [index, entry] of entries.entries()) {
      const { template: written, approve } =
        typeof entry === 'string' ? { template: entry, approve: undefined } : entry;
      const template = await this.#find(written, [...path, index]);
      if (!template) continue;
      if (servers.has(template.name)) {
        const message = `the server ${template.name} is here twice`;
        this.#problems.push({ path: [...path, index], message });
      }
      servers.set(template.name, {
        reference: this.#reference(written),
        approval: approve,
        secrets: template.secrets.map(({ name }) => name),
      });
    }
    return servers;
  }

  async #find(written: string, path: Path): Promise<Template | undefined> {
    const reference = this.#reference(written);
    const finding =
      this.#found.get(reference) ??
      findTemplate(reference, this.#world.assets).catch((error: unknown) => {
        if (error instanceof McpdError) return error;
        throw error;
      });
    this.#found.set(reference, finding);
    const found = await finding;
    if (!(found instanceof McpdError)) return found;
    this.#problems.push({ path, message: wordsOf(found) });
    return undefined;
  }

  /** What a folder is called here, a path from the document's folder, or a name of the catalog. */
  #reference(written: string): string {
    const named = this.#named.get(written);
    if (named !== undefined) return named;
    return /^\.|\//.test(written) ? resolve(this.#world.folder, written) : written;
  }
}

function wordsOf({ message, suggestions }: McpdError): string {
  const meant = suggestions.find((one) => one.startsWith('Did you mean'));
  const words = withSmallLetter(message.replace(/\.$/, ''));
  return meant === undefined ? words : `${words}; ${withSmallLetter(meant)}`;
}

function withSmallLetter(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
