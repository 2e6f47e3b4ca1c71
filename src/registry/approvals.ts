import type { Risk } from '../policy/policy.ts';
import type { Registry } from './database.ts';
import type { Approval } from './rows.ts';

/** What was approved for a user, by template. */
export function listApprovals(registry: Registry, userId: string): Approval[] {
  return registry.db
    .prepare('SELECT * FROM approvals WHERE user_id = ? ORDER BY template')
    .all(userId)
    .map((row) => ({
      template: row['template'] as string,
      risk: row['risk'] as Risk,
      reason: row['reason'] as string,
      approvedBy: row['approved_by'] as string,
      approvedAt: row['approved_at'] as number,
    }));
}

/** Records an approval in the place of an earlier one for the same template. */
export function addApproval(registry: Registry, userId: string, approval: Approval): void {
  const { template, risk, reason, approvedBy, approvedAt } = approval;
  registry.db
    .prepare(
      `INSERT OR REPLACE INTO approvals (user_id, template, risk, reason, approved_by, approved_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(userId, template, risk, reason, approvedBy, approvedAt);
}
