import type { TestClient } from './client.ts';
import type { Tenancy } from './tenancy.ts';

/** What `docker inspect` says of a container, as far as the tests read it. */
export interface Container {
  readonly Id: string;
  /** With a slash before it. */
  readonly Name: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly CpusetCpus: string; readonly NanoCpus: number };
  readonly State: { readonly Pid: number; readonly StartedAt: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly Gateway: string }>
    >;
  };
}

/** The container of one server. */
export async function inspectServer(
  tenancy: Tenancy,
  user: string,
  server: string,
): Promise<Container> {
  const id = await tenancy.containerOf(user, server);
  const [container] = JSON.parse(await tenancy.docker('inspect', id)) as [Container];
  return container;
}

/** Its address on its user's network. */
export function addressOf({ NetworkSettings }: Container): string {
  return Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
}

export function gatewayOf({ NetworkSettings }: Container): string {
  return Object.values(NetworkSettings.Networks)[0]?.Gateway ?? '';
}

/**
 * A function that runs somewhere else: it is sent as text, so it sees nothing but its arguments and
 * what Node has (`process.getBuiltinModule`). Arguments and result go as JSON.
 */
type Remote<Args extends readonly unknown[], Result> = (...args: Args) => Result | Promise<Result>;

/** Runs a function beside `bob/filesystem`, through `mcpd exec`, as bob's own uid. */
export async function besideServer<Args extends readonly unknown[], Result>(
  tenancy: Tenancy,
  server: string,
  remote: Remote<Args, Result>,
  ...args: Args
): Promise<Result> {
  const { code, stdout, stderr } = await tenancy.run([
    'exec',
    server,
    '--',
    'node',
    '-e',
    program(remote, args),
  ]);
  if (code !== 0) throw new Error(`mcpd exec ${server} exited with ${code}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Result;
}

/** Runs a function in the process of a laboratory server (test/fixtures/laboratory). */
export async function insideServer<Args extends readonly unknown[], Result>(
  client: TestClient,
  remote: Remote<Args, Result>,
  ...args: Args
): Promise<Result> {
  const body = `return (${remote.toString()})(...${JSON.stringify(args)})`;
  return JSON.parse(await client.call('run', { body })) as Result;
}

/** The function as a program for `node -e` that prints its result. */
export function program<Args extends readonly unknown[], Result>(
  remote: Remote<Args, Result>,
  args: Args,
): string {
  return `(async () => (${remote.toString()})(...${JSON.stringify(args)}))()
    .then((value) => process.stdout.write(JSON.stringify(value ?? null), () => process.exit()));`;
}
