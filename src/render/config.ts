import type { ConfigGetResult, ConfigListResult, ConfigSetResult } from '../config/result.ts';
import { renderTable, type TableOptions } from './table.ts';

export function renderConfigGet({ value }: ConfigGetResult): string {
  return settingText(value);
}

export function renderConfigSet({ changed, key, before, value }: ConfigSetResult): string {
  if (!changed) return `${key} is ${settingText(value) || "''"} already; nothing changed.`;
  return [
    `${key}: ${settingText(before) || "''"} → ${settingText(value) || "''"}`,
    'See what it changes for existing users: mcpd plan',
  ].join('\n');
}

export function renderConfigList({ settings }: ConfigListResult, options: TableOptions): string {
  return renderTable(
    settings,
    [
      { header: 'setting', cell: ({ key }) => key },
      { header: 'value', cell: ({ value }) => settingText(value) },
      { header: 'default', cell: (row) => (row.isDefault ? '' : settingText(row.default)) },
      { header: 'description', cell: ({ description }) => description },
    ],
    options,
  );
}

function settingText(value: ConfigGetResult['value']): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
