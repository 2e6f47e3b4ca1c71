import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { hostConfigSchema } from './schema.ts';

/** What a number's setting says that sets nothing. */
const none = 'none';

/** A setting as users write it: sizes are text such as `512m`. */
export type SettingValue = string | number | boolean | readonly string[];

export interface Setting {
  /** `limits.memory` */
  readonly key: string;
  readonly value: SettingValue;
  readonly default: SettingValue;
  readonly description: string;
  readonly isDefault: boolean;
}

/** Every setting with its value in a valid file's content, in the order of the schema. */
export function listSettings(written: Readonly<Record<string, unknown>>): Setting[] {
  return leaves().map(({ path, schema }) => {
    const fallback = schema.default as SettingValue;
    const value = (read(written, path) as SettingValue | undefined) ?? fallback;
    return {
      key: path.join('.'),
      value,
      default: fallback,
      description: schema.description ?? '',
      isDefault: isDeepStrictEqual(value, fallback),
    };
  });
}

/**
 * Reads text as the kind of value a setting has: a number, a list (`a,b`, or JSON), or text. Throws
 * UsageError for what isn't one; whether it is within bounds is the schema's to say.
 */
export function parseSetting(setting: Setting, text: string): SettingValue {
  if (Array.isArray(setting.default)) return parseList(setting.key, text);
  if (typeof setting.default === 'boolean') return parseBoolean(setting.key, text);
  if (setting.default === none)
    return text.trim() === '' || isNaN(Number(text)) ? text : Number(text);
  if (typeof setting.default !== 'number') return text;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw unreadable(setting.key, text, 'a number');
}

interface Leaf {
  readonly path: readonly string[];
  readonly schema: z.core.JSONSchema.BaseSchema;
}

function leaves(): Leaf[] {
  return leavesOf({ path: [], schema: z.toJSONSchema(hostConfigSchema, { io: 'input' }) });
}

function leavesOf({ path, schema }: Leaf): Leaf[] {
  if (schema.properties === undefined) return [{ path, schema }];
  return Object.entries(schema.properties).flatMap(([key, child]) =>
    typeof child === 'boolean' ? [] : leavesOf({ path: [...path, key], schema: child }),
  );
}

function read(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    from,
  );
}

function parseList(key: string, text: string): readonly string[] {
  if (!text.trim().startsWith('[')) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
  }
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    throw unreadable(key, text, 'a list: a,b or ["a","b"]');
  }
}

function parseBoolean(key: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw unreadable(key, text, 'true or false');
}

function unreadable(key: string, text: string, kind: string): UsageError {
  return new UsageError(`${key} can't be "${text}": write ${kind}.`, { code: 'SETTING_INVALID' });
}
