import {
  sourceText,
  type TemplateListResult,
  type TemplateShowResult,
} from '../templates/result.ts';
import { limitsText } from './limits.ts';
import { renderFields, renderTable, type TableOptions } from './table.ts';

export function renderTemplateList(
  { templates }: TemplateListResult,
  options: TableOptions,
): string {
  return renderTable(
    templates,
    [
      { header: 'name', cell: ({ name }) => name },
      { header: 'risk', cell: ({ riskLevel }) => riskLevel },
      { header: 'isolation', cell: (row) => (row.requiresUserIsolation ? 'required' : '') },
      { header: 'user-aware', cell: ({ userAware }) => (userAware ? 'yes' : '') },
      { header: 'secrets', cell: ({ secrets }) => secrets.join(',') },
      { header: 'description', cell: ({ description }) => description },
    ],
    options,
  );
}

export function renderTemplateShow(template: TemplateShowResult): string {
  const { limits, secrets, env } = template;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return renderFields([
    ['Name', template.name],
    ['Title', template.title],
    ['Description', template.description],
    ['Source', sourceText(template.source)],
    ['Command', template.command.join(' ')],
    ['Environment', variables.join('\n') || 'none'],
    ['Secrets', secrets.map(secretLine).join('\n') || 'none'],
    ['Risk', template.riskLevel],
    ['Isolation', template.requiresUserIsolation ? 'one instance per user only' : 'may be shared'],
    ['Transport', template.transport],
    ['Sessions', template.sessions],
    ['Limits', limitsText(limits) || "the user's"],
    ['Folder', template.folder],
  ]);
}

function secretLine({ name, description, required }: TemplateShowResult['secrets'][number]) {
  return `${name}${required ? '' : ' (optional)'}: ${description}`;
}
