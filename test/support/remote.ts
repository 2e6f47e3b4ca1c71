// Functions that run in the process of a server: they are sent as text, see `insideServer`.

/** What the kernel says of the process, and of a child of it, by field: `CapEff`, `NoNewPrivs`, … */
export function statusOfProcesses(): Record<string, string>[] {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const print = 'process.stdout.write(require("fs").readFileSync("/proc/self/status"))';
  const statuses = [
    readFileSync('/proc/self/status', 'utf8'),
    execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' }),
  ];
  return statuses.map((status) => {
    const fields = status.split('\n').map((line) => line.split(/:\s+/) as [string, string]);
    return Object.fromEntries(fields);
  });
}

/** Every file and folder that the process may write to, and whether the root is mounted `ro` or `rw`. */
export function writablePlaces(): { writable: string[]; rootMount: string | undefined } {
  const { accessSync, constants, readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
  const attempt = <Value>(act: () => Value): Value | undefined => {
    try {
      return act();
    } catch {
      return undefined;
    }
  };
  const isWritable = (path: string): boolean =>
    attempt(() => accessSync(path, constants.W_OK) === undefined) ?? false;
  const below = (folder: string): string[] => {
    const members = attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [];
    return members
      .filter((member) => !['/proc', '/sys'].includes(`${folder}${member.name}`))
      .flatMap((member) => {
        const path = `${folder}${member.name}`;
        const more = member.isDirectory() ? below(`${path}/`) : [];
        return (member.isDirectory() || member.isFile()) && isWritable(path)
          ? [path, ...more]
          : more;
      });
  };
  const rootMount = /^\S+ \/ \S+ (\w+)/m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  return { writable: [...(isWritable('/') ? ['/'] : []), ...below('/')].toSorted(), rootMount };
}

/** What the control group of the container allows: bytes, and processes. */
export function capsOfContainer(): { memory: number; pids: number } {
  const { readFileSync, existsSync } = process.getBuiltinModule('node:fs');
  const [v1, v2] = ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'];
  const [pids1, pids2] = ['/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max'];
  const read = (one: string, other: string) =>
    Number(readFileSync(existsSync(one) ? one : other, 'utf8'));
  return { memory: read(v1, v2), pids: read(pids1, pids2) };
}
