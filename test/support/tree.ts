import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A folder with everything in it: by path what it is, of whom, and what is in it. Names are read byte by byte. */
export function describeTree(folder: string, tenantUid: number): Record<string, string> {
  const tree: Record<string, string> = {};
  const visit = (path: Buffer, name: string): void => {
    const stat = lstatSync(path);
    const owner = [stat.uid, stat.gid].map((id) => (id === tenantUid ? 'tenant' : id)).join(':');
    const facts = `${(stat.mode & 0o7777).toString(8)} ${owner} ${Math.floor(stat.mtimeMs / 1000)}`;
    if (stat.isSymbolicLink()) tree[name] = `link ${facts} ${readlinkSync(path)}`;
    else if (stat.isFile()) {
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      tree[name] = `file ${facts} ${stat.size} ${stat.nlink} ${digest}`;
    } else {
      tree[name] = `folder ${facts}`;
      for (const entry of readdirSync(path, { encoding: 'buffer' })) {
        visit(
          Buffer.concat([path, Buffer.from('/'), entry]),
          `${name}/${entry.toString('latin1')}`,
        );
      }
    }
  };
  visit(Buffer.from(folder), '');
  return tree;
}
