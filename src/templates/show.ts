import { toOverrides } from '../policy/limits.ts';
import type { TemplateShowResult } from './result.ts';
import type { Template } from './schema.ts';

/** A template with everything it leaves to defaults filled in. */
export function describeTemplate(template: Template): TemplateShowResult {
  const { name, title, description, folder, source, command, env, secrets, ...rest } = template;
  const { transport, sessions, riskLevel, requiresUserIsolation, userAware } = rest;
  return {
    name,
    title,
    description,
    folder,
    source,
    command,
    env,
    secrets,
    transport,
    sessions,
    riskLevel,
    requiresUserIsolation,
    userAware,
    limits: toOverrides(template.limits),
  };
}
