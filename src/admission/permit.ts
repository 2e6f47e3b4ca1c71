import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import { callerAccount } from '../host/caller.ts';
import { matches } from '../policy/exposure.ts';
import type { EffectivePolicy } from '../policy/effective.ts';
import { policyOf, type Subject } from '../policy/of-user.ts';
import { isRiskier, type Risk } from '../policy/policy.ts';
import type { Approval } from '../registry/rows.ts';
import type { Template } from '../templates/schema.ts';

type World = Pick<Context, 'config' | 'clock' | 'uid' | 'env'>;

interface PermitRequest {
  readonly userName: string;
  readonly subject: Subject;
  /** By catalog name or folder: what the user is to be given. */
  readonly templates: ReadonlyMap<string, Template>;
  /** Why one above the user's risk may be given all the same: any of them, or each by its reference. */
  readonly reason: string | ReadonlyMap<string, string> | undefined;
}

/**
 * Checks that a user may be given templates. Gives the approvals to record, for those that needed one.
 * Throws RefusedError: TEMPLATE_NOT_ALLOWED, IMAGE_NOT_ALLOWED, RISK_TOO_HIGH, NOT_AN_ADMINISTRATOR.
 */
export async function permit(
  context: World,
  { userName, subject, templates, reason }: PermitRequest,
): Promise<readonly Approval[]> {
  const risky: { readonly template: string; readonly risk: Risk; readonly reason: string }[] = [];
  for (const [reference, template] of templates) {
    const effective = policyOf(context.config, subject, template);
    requireAllowed(userName, effective, { reference, template });
    const { value: maxRisk } = effective.maxRisk;
    if (maxRisk === null || !isRiskier(template.riskLevel, maxRisk)) continue;
    const why = typeof reason === 'object' ? reason.get(reference) : reason;
    if (why === undefined) throw tooRisky(userName, template, effective);
    risky.push({ template: reference, risk: template.riskLevel, reason: why });
  }
  if (risky.length === 0) return [];
  const approvedBy = administrator(context);
  const approvedAt = context.clock.now();
  return risky.map((one) => ({ ...one, approvedBy, approvedAt }));
}

function requireAllowed(
  userName: string,
  { allowedTemplates, allowedImages }: EffectivePolicy,
  { reference, template }: { readonly reference: string; readonly template: Template },
): void {
  const who = `mcpd user show ${userName} --effective, for who says so`;
  if (allowedTemplates.value && !allowedTemplates.value.some((one) => matches(one, reference))) {
    throw new RefusedError(`${userName} may not be given the template ${reference}.`, {
      code: 'TEMPLATE_NOT_ALLOWED',
      suggestions: [who, `Allowed are: ${allowedTemplates.value.join(', ') || 'none'}.`],
    });
  }
  if (!('image' in template.source) || allowedImages.value === null) return;
  const { image } = template.source;
  if (allowedImages.value.some((one) => matches(one, image))) return;
  throw new RefusedError(`${userName} may not run the image ${image}.`, {
    code: 'IMAGE_NOT_ALLOWED',
    suggestions: [who, `Allowed are: ${allowedImages.value.join(', ') || 'none'}.`],
  });
}

function tooRisky(
  userName: string,
  template: Template,
  { maxRisk }: EffectivePolicy,
): RefusedError {
  return new RefusedError(
    `The template ${template.name} has the risk ${template.riskLevel}; ${userName} may have ${maxRisk.value} (says the ${maxRisk.from}).`,
    {
      code: 'RISK_TOO_HIGH',
      suggestions: [
        'Have an administrator run it with --approve "REASON", or with approve: REASON in a document.',
        `mcpd template show ${template.name}`,
      ],
    },
  );
}

function administrator(context: World): string {
  const { administrators } = context.config;
  const account = callerAccount(context);
  if (administrators.includes(account)) return account;
  throw new RefusedError(`${account} may not approve: the administrators are others.`, {
    code: 'NOT_AN_ADMINISTRATOR',
    suggestions: [
      `Administrators are: ${administrators.join(', ') || 'nobody'}.`,
      'mcpd config get administrators',
    ],
  });
}
