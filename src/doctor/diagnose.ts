import { McpdError } from '../errors.ts';
import { checkClock, checkLimits, checkLoopback, checkRunc, checkVersion } from './engine.ts';
import { checkEngineRules } from './engine-rules.ts';
import type { Facts } from './facts.ts';
import { checkFirewall, checkGuarantees } from './guarantees.ts';
import { checkDisk, checkRuntime, checkSubnets } from './host.ts';
import { checkLeftovers, checkMissing } from './orphans.ts';
import { checkIssuer } from './issuer.ts';
import { checkProcessors } from './processors.ts';
import { checkQuotas, checkStorage } from './storage.ts';
import type { Check } from './result.ts';
import { checkVersions } from './versions.ts';

/** Judges the facts. Pure: the same facts give the same checks. */
export function diagnose(facts: Facts): Check[] {
  const { engine } = facts;
  const onHost = [
    checkFirewall(facts),
    checkGuarantees(facts),
    checkRuntime(facts),
    checkSubnets(facts),
    checkDisk(facts),
    checkStorage(facts),
    checkQuotas(facts),
    checkIssuer(facts),
  ];
  if (engine instanceof McpdError) return [unreachable(engine), ...onHost];
  return [
    checkVersion(engine),
    checkRunc(engine),
    checkLimits(engine),
    checkProcessors(facts, engine),
    checkLoopback(engine, facts.firewall),
    checkClock(engine),
    ...checkEngineRules(engine, facts.devices),
    ...onHost,
    checkLeftovers(facts, engine.observed),
    checkMissing(facts, engine.observed),
    checkVersions(engine.behind),
  ];
}

function unreachable(error: McpdError): Check {
  return {
    id: 'engine',
    status: 'fail',
    summary: error.message,
    meaning:
      'Nothing can be started or changed. Its version, runc, limits, clock and objects were not checked.',
    mend: error.suggestions.filter((step) => step !== 'mcpd doctor'),
  };
}
