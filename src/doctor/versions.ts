import { few, ok, type Check } from './result.ts';

/** Are servers made from what is newest? That they aren't is no fault: only `upgrade` moves them. */
export function checkVersions(behind: readonly string[]): Check {
  const id = 'versions';
  if (behind.length === 0) return ok(id, 'every server is of its newest version');
  return {
    id,
    status: 'warn',
    summary: `there is a newer version for ${few(behind)}`,
    meaning: 'Their template or image changed since they were made; they go on as they are.',
    mend: ['mcpd upgrade --all --dry-run, for what it would change', 'mcpd upgrade --all'],
  };
}
