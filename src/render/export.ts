import { stringify } from 'yaml';
import type { WrittenDocument } from '../apply/document.ts';

const heading = [
  '# yaml-language-server: $schema=tenants.schema.json',
  '# The schema for editors: mcpd schema export > tenants.schema.json',
  '',
].join('\n');

export function renderExport(document: WrittenDocument, format: 'yaml' | 'json'): string {
  if (format === 'json') return JSON.stringify(document, undefined, 2);
  return `${heading}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
