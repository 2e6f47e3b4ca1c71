import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { notAccessible } from './access.ts';
import { ensureHome } from './folder.ts';
import type { Home } from './home.ts';
import { hostConfigSchema, type HostConfig } from './schema.ts';
import { openRegistry } from '../registry/database.ts';
import { listSettings, parseSetting, type Setting, type SettingValue } from './settings.ts';

/** The host's settings, `config.json`. Reading never writes. */
export interface ConfigStore {
  /** Everything, in base units. */
  all(): HostConfig;
  /** One setting as users write it: `get('limits.memory')` is `512m`. Throws UsageError. */
  get(path: string): SettingValue;
  /** Writes one setting from text. Throws UsageError, and writes nothing, when it isn't valid. */
  set(path: string, text: string): Promise<void>;
  list(): Setting[];
}

/** Reads all settings of a home, which may not exist yet. Throws UsageError for a file that isn't valid. */
export function readConfig(home: Home): HostConfig {
  return parse(home, readFile(home));
}

export function openConfig(home: Home): ConfigStore {
  const list = (): Setting[] => {
    const written = readFile(home);
    parse(home, written);
    return listSettings(written);
  };
  return {
    all: () => readConfig(home),
    get: (path) => find(list(), path).value,
    set: async (path, text) => {
      const value = parseSetting(find(list(), path), text);
      const checkNext = () => check(path, text, assign(readFile(home), path, value));
      checkNext();
      ensureHome(home);
      // Costs as much to load as a whole short command, so only for writing.
      const { default: Conf } = await import('conf');
      const write = () => {
        checkNext();
        new Conf({
          cwd: home.root,
          configName: 'config',
          configFileMode: 0o600,
          clearInvalidConfig: false,
        }).set(path, value);
      };
      // It reads, changes and writes the file: of two commands at once none may lose the other's, and what
      // they make of it together has to be valid too.
      using registry = openRegistry(home);
      registry.transaction(write);
    },
    list,
  };
}

type Written = Readonly<Record<string, unknown>>;

/** The settings as written, without defaults. Throws UsageError for a file that isn't valid. */
export function readWritten(home: Home): Written {
  const written = readFile(home);
  parse(home, written);
  return written;
}

function readFile(home: Home): Written {
  try {
    const content: unknown = JSON.parse(readFileSync(home.config, 'utf8'));
    return z.record(z.string(), z.unknown()).parse(content);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return {};
    if (code === 'ENOTDIR') {
      throw new UsageError(`The home ${home.root} can't be a folder: a file is in the way.`, {
        code: 'HOME_NOT_A_FOLDER',
        suggestions: ['Set MCPD_HOME to another home.'],
        cause: error,
      });
    }
    if (code === 'EACCES') throw notAccessible(`read ${home.config}`, error);
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw invalid(home, 'it is not a JSON object', error);
  }
}

function parse(home: Home, written: Written): HostConfig {
  // Compiling a parser costs more than the one parse of a command.
  const result = hostConfigSchema.safeParse(written, { jitless: true });
  if (result.success) return result.data;
  throw invalid(home, oneLine(result.error), result.error);
}

function check(path: string, text: string, next: Written): void {
  const result = hostConfigSchema.safeParse(next);
  if (result.success) return;
  throw new UsageError(`${path} can't be "${text}": ${oneLine(result.error, path)}.`, {
    code: 'SETTING_INVALID',
    suggestions: ['mcpd config list, for what each setting means'],
  });
}

function find(settings: readonly Setting[], path: string): Setting {
  const setting = settings.find((one) => one.key === path);
  if (setting) return setting;
  const close = nearest(
    path,
    settings.map((one) => one.key),
  );
  throw new UsageError(`There is no setting "${path}".`, {
    code: 'SETTING_UNKNOWN',
    suggestions: [
      ...(close.length > 0 ? [`Did you mean ${close.join(' or ')}?`] : []),
      'mcpd config list',
    ],
  });
}

/** The file's content with one setting changed. Keys are one or two parts long. */
function assign(written: Written, path: string, value: SettingValue): Written {
  const [group = '', leaf] = path.split('.');
  if (leaf === undefined) return { ...written, [group]: value };
  return { ...written, [group]: { ...(written[group] as Written | undefined), [leaf]: value } };
}

/** zod's issues, each with its setting's name unless that is `subject`, which the sentence has named. */
function oneLine(error: z.ZodError, subject = ''): string {
  return error.issues
    .map((issue) => ({ key: issue.path.join('.'), message: issue.message }))
    .map(({ key, message }) => (key === subject || key === '' ? message : `${key}: ${message}`))
    .join('; ');
}

function invalid(home: Home, reason: string, cause: unknown): UsageError {
  return new UsageError(`The settings file ${home.config} is not valid: ${reason}.`, {
    code: 'CONFIG_INVALID',
    suggestions: [`Mend ${home.config}, or move it away to go back to the defaults.`],
    cause,
  });
}
