import { Counter, Gauge, Registry } from 'prom-client';
import { addCounters, emptyCounters } from '../records/usage.ts';
import type { ContainerFacts, Facts, ServerFacts } from './facts.ts';
import { RecordedHistogram, type ServerLabels } from './histogram.ts';

/** All metrics of a home, made anew from facts each time. Pure; nothing is registered anywhere else. */
export function metricsOf(facts: Facts): Registry {
  const registry = new Registry();
  const metrics = declare(registry);
  const containers = facts.engineUp ? declareContainers(registry) : undefined;
  metrics.buildInfo.set({ version: facts.version }, 1);
  metrics.engineUp.set(facts.engineUp ? 1 : 0);
  metrics.users.set(facts.users);
  let promised = 0;
  for (const one of facts.servers) {
    const labels = { user: one.user, server: one.server };
    recordUsage(metrics, labels, one);
    containers?.up.set(labels, one.container?.running ? 1 : 0);
    if (containers && one.container) recordContainer(containers, labels, one.container);
    promised += one.container?.memoryCapBytes ?? 0;
  }
  containers?.promised.set(promised);
  return registry;
}

const perServer = ['user', 'server'] as const;

function declare(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name, help, registers, labelNames: perServer });
  return {
    buildInfo: new Gauge({
      name: 'mcpd_build_info',
      help: 'Always 1; the version of mcpd.',
      registers,
      labelNames: ['version'] as const,
    }),
    engineUp: new Gauge({
      name: 'mcpd_engine_up',
      help: '1 when the container engine answers.',
      registers,
    }),
    users: new Gauge({ name: 'mcpd_users', help: 'Users who have a server.', registers }),
    requests: new Counter({
      name: 'mcpd_requests_total',
      help: 'Requests by method, tool and outcome (ok, error, refused).',
      registers,
      labelNames: [...perServer, 'method', 'tool', 'outcome'] as const,
    }),
    refusals: counter('mcpd_refusals_total', 'Requests refused by policy, rate or scope.'),
    duration: new RecordedHistogram(
      'mcpd_request_duration_seconds',
      'Durations of requests; the sum is estimated from the buckets.',
      registers,
    ),
    bytesIn: counter('mcpd_request_bytes_total', 'Bytes of requests.'),
    bytesOut: counter('mcpd_response_bytes_total', 'Bytes of responses.'),
    cpu: counter('mcpd_cpu_seconds_total', 'CPU time of containers, over all of their lives.'),
    oomKills: counter('mcpd_oom_kills_total', 'Processes killed for lack of memory.'),
    crashes: counter(
      'mcpd_process_restarts_total',
      'Ends of server processes that nobody asked for.',
    ),
  };
}

function declareContainers(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, registers, labelNames: perServer });
  const counter = (name: string, help: string) =>
    new Counter({ name, help, registers, labelNames: perServer });
  return {
    up: gauge('mcpd_server_up', '1 when the container of the server runs.'),
    memory: gauge('mcpd_container_memory_bytes', 'Memory in use, without page cache.'),
    memoryCap: gauge('mcpd_container_memory_limit_bytes', 'Memory cap.'),
    cpu: counter('mcpd_container_cpu_seconds_total', 'CPU time since the container was started.'),
    pids: gauge('mcpd_container_pids', 'Processes and threads.'),
    restarts: counter('mcpd_container_restarts_total', 'Restarts of the container by the engine.'),
    promised: new Gauge({
      name: 'mcpd_promised_memory_bytes',
      help: 'Sum of the memory caps of all containers.',
      registers,
    }),
  };
}

function recordUsage(
  metrics: ReturnType<typeof declare>,
  labels: ServerLabels,
  { usage }: ServerFacts,
): void {
  const sum = emptyCounters();
  for (const [name, one] of usage.counters) {
    addCounters(sum, one);
    const named = { ...labels, ...namesOf(name) };
    const ok = Math.max(0, one.calls - one.errors - one.refusals);
    metrics.requests.inc({ ...named, outcome: 'ok' }, ok);
    metrics.requests.inc({ ...named, outcome: 'error' }, one.errors);
    metrics.requests.inc({ ...named, outcome: 'refused' }, one.refusals);
  }
  metrics.refusals.inc(labels, sum.refusals);
  metrics.duration.record(labels, sum.latency);
  metrics.bytesIn.inc(labels, sum.bytesIn);
  metrics.bytesOut.inc(labels, sum.bytesOut);
  metrics.cpu.inc(labels, usage.cpuSeconds);
  metrics.oomKills.inc(labels, usage.oomKills);
  metrics.crashes.inc(labels, usage.restarts);
}

function recordContainer(
  metrics: ReturnType<typeof declareContainers>,
  labels: ServerLabels,
  { restarts, memoryCapBytes, sample }: ContainerFacts,
): void {
  metrics.restarts.inc(labels, restarts);
  metrics.memoryCap.set(labels, memoryCapBytes);
  if (sample === undefined) return;
  metrics.memory.set(labels, sample.memoryBytes);
  metrics.cpu.inc(labels, sample.cpuSeconds);
  metrics.pids.set(labels, sample.pids);
}

/** `tools/call:read` is the tool `read`; everything else is a method. */
function namesOf(name: string): { readonly method: string; readonly tool: string } {
  const prefix = 'tools/call:';
  return name.startsWith(prefix)
    ? { method: 'tools/call', tool: name.slice(prefix.length) }
    : { method: name, tool: '' };
}
