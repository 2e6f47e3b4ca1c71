import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { ConfigStore } from './store.ts';
import type { SettingValue } from './settings.ts';

const settingValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

export const configGetResult = z.object({ key: z.string(), value: settingValue });

export const configSetResult = z.object({
  changed: z.boolean(),
  key: z.string(),
  before: settingValue,
  value: settingValue,
});

export const configListResult = z.object({
  file: z.string(),
  settings: z.array(
    z.object({
      key: z.string(),
      value: settingValue,
      default: settingValue,
      isDefault: z.boolean(),
      description: z.string(),
    }),
  ),
});

export type ConfigGetResult = z.infer<typeof configGetResult>;
export type ConfigSetResult = z.infer<typeof configSetResult>;
export type ConfigListResult = z.infer<typeof configListResult>;

export function describeSetting(store: ConfigStore, key: string): ConfigGetResult {
  return { key, value: copy(store.get(key)) };
}

export function describeSettings(store: ConfigStore, file: string): ConfigListResult {
  const settings = store.list().map((setting) => ({
    ...setting,
    value: copy(setting.value),
    default: copy(setting.default),
  }));
  return { file, settings };
}

/** Writes one setting; `changed` is false when it was so. Throws UsageError. */
export async function changeSetting(
  store: ConfigStore,
  { key, text }: { key: string; text: string },
): Promise<ConfigSetResult> {
  const before = copy(store.get(key));
  await store.set(key, text);
  const value = copy(store.get(key));
  return { changed: !isDeepStrictEqual(before, value), key, before, value };
}

function copy(value: SettingValue): z.infer<typeof settingValue> {
  return typeof value === 'object' ? [...value] : value;
}
