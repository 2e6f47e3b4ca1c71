import { listSettings, type SettingValue } from '../src/config/settings.ts';

/** The host's settings as a Markdown table, from their schema. */
export function settingsTable(): string {
  const rows = listSettings({}).map(
    ({ key, default: fallback, description }) =>
      `| \`${key}\` | ${formatDefault(fallback)} | ${description} |`,
  );
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function formatDefault(value: SettingValue): string {
  const text = typeof value === 'object' ? value.join(',') : String(value);
  return text === '' ? 'empty' : `\`${text}\``;
}
