import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type * as z from 'zod';
import { NotFoundError, UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { parseNpmSpec } from './npm-spec.ts';
import { unknownPlaceholders } from './program.ts';
import { templateSchema, type Template } from './schema.ts';

/** The catalog of the package at `root`, by name. */
export async function listTemplates(root: string): Promise<Template[]> {
  const names = catalogNames(root);
  return names.map((name) => readTemplate(join(root, 'templates', name), name));
}

/**
 * By catalog name, or by the path of a folder with a template.json (anything with a slash, or that
 * begins with a dot). Throws NotFoundError with the nearest names, UsageError when it is not valid.
 */
export async function findTemplate(nameOrPath: string, root: string): Promise<Template> {
  if (isPath(nameOrPath)) {
    const folder = resolve(nameOrPath);
    return readTemplate(folder, folder);
  }
  const names = catalogNames(root);
  if (names.includes(nameOrPath))
    return readTemplate(join(root, 'templates', nameOrPath), nameOrPath);
  throw notFound(`There is no template "${nameOrPath}".`, nearest(nameOrPath, names));
}

/** True for what names a folder rather than a catalog entry. */
function isPath(nameOrPath: string): boolean {
  return nameOrPath.startsWith('.') || nameOrPath.includes('/');
}

function catalogNames(root: string): string[] {
  const entries = readdirSync(join(root, 'templates'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

function readTemplate(folder: string, asked: string): Template {
  const file = join(folder, 'template.json');
  const parsed = templateSchema.safeParse(parseJson(file, readText(file, asked)));
  if (!parsed.success) throw invalid(file, issueLine(parsed.error));
  const template = { ...parsed.data, folder };
  if (!isPath(asked) && template.name !== asked)
    throw invalid(file, 'name: must be the folder’s name');
  if ('npm' in template.source && parseNpmSpec(template.source.npm, folder) === undefined) {
    throw invalid(file, 'source.npm: neither name@version nor a path');
  }
  if (template.transport === 'http' && !template.http) {
    throw invalid(file, 'http: missing, with the port that the server listens on');
  }
  if (template.transport !== 'http' && template.http) {
    throw invalid(file, 'http: goes with "transport": "http" only');
  }
  if (template.http && template.sessions === 'shared') {
    throw invalid(file, 'sessions: a server that speaks HTTP itself keeps them itself');
  }
  const unknown = unknownPlaceholders(template);
  if (unknown.length > 0) throw invalid(file, `unknown placeholder ${unknown.join(', ')}`);
  return template;
}

function readText(file: string, asked: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing =
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ENOTDIR'].includes(String(error.code));
    if (missing) throw notFound(`There is no template.json in ${asked}.`, []);
    throw error;
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : 'no JSON');
  }
}

function issueLine(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');
}

function invalid(file: string, what: string): UsageError {
  return new UsageError(`${file} is not a valid template: ${what}`, {
    code: 'TEMPLATE_INVALID',
    suggestions: ['mcpd template show filesystem --json shows one that is'],
  });
}

function notFound(message: string, near: string[]): NotFoundError {
  return new NotFoundError(message, {
    code: 'TEMPLATE_NOT_FOUND',
    suggestions: [...near.map((name) => `Did you mean ${name}?`), 'mcpd template list'],
  });
}
