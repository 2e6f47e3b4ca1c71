import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReportResult } from '../../src/report/result.ts';
import { loadPage } from '../support/browser.ts';
import { UsageFiles } from '../support/usage-files.ts';
import { Desk } from './desk.ts';

/** bob calls three tools, al one; both some days ago and now. */
function deskWithUsage(): Desk {
  const desk = new Desk();
  desk.addUsers('bob', 'al', 'idle');
  const bob = new UsageFiles(desk.env, 'bob/memory');
  bob.append({ ago: 24 * 9, calls: { 'tools/call:old': [1] } });
  bob.append({ ago: 30, calls: { 'tools/call:read': [3, 3, 3, 3], 'tools/list': [1] } });
  bob.append({ ago: 2, calls: { 'tools/call:read': [3, 100] }, errors: 1, refusals: 1 });
  bob.now({ calls: { 'tools/call:write': [2000] } });
  new UsageFiles(desk.env, 'al/memory').append({ ago: 3, calls: { 'tools/call:read': [1, 1] } });
  return desk;
}

describe('mcpd report', () => {
  test('of a user has a row per tool of the last seven days, and of the hour under way', async () => {
    using desk = deskWithUsage();
    const { total, rows, target, plots } = await desk.json<ReportResult>(['report', 'bob']);
    expect({ target, plots }).toEqual({ target: 'bob', plots: null });
    expect(rows.map(({ name, calls }) => [name, calls])).toEqual([
      ['tools/call:read', 6],
      ['tools/call:write', 1],
      ['tools/list', 1],
    ]);
    expect(total).toMatchObject({ calls: 8, errors: 1, refusals: 1, errorRate: 0.125 });
    expect(total.resources).toMatchObject({ cpuSeconds: 7.5, oomKills: 3, restarts: 6 });
  });

  test('goes as far back as it is told', async () => {
    using desk = deskWithUsage();
    const calls = async (...flags: string[]) =>
      (await desk.json<ReportResult>(['report', 'bob', ...flags])).total.calls;
    expect(await calls('--since', '5h')).toBe(3);
    expect(await calls('--since', '30d')).toBe(9);
    expect(await calls('--since', '30d', '--until', '8d')).toBe(1);
  });

  test('--all ranks users by what is asked for', async () => {
    using desk = deskWithUsage();
    const names = async (...flags: string[]) =>
      (await desk.json<ReportResult>(['report', '--all', ...flags])).rows.map(({ name }) => name);
    expect(await names()).toEqual(['bob', 'al']);
    expect(await names('--sort', 'latency')).toEqual(['bob', 'al']);
  });

  test('says what a user’s workspace holds, and those of all when asked to measure', async () => {
    using desk = deskWithUsage();
    await desk.run(['config', 'set', 'limits.storage', '1g']);
    const workspaces = await desk.json<{ users: { name: string; workspace: string }[] }>([
      'user',
      'list',
    ]);
    for (const { name, workspace } of workspaces.users) {
      mkdirSync(workspace, { recursive: true });
      writeFileSync(join(workspace, 'file'), Buffer.alloc(name === 'idle' ? 2 ** 20 : 2 ** 16));
    }
    const known = { storageBytes: 2 ** 16, storageQuotaBytes: 2 ** 30 };
    const { total, rows } = await desk.json<ReportResult>(['report', 'bob']);
    expect(total).toMatchObject(known);
    expect(rows[0]).toMatchObject({ storageBytes: null });
    expect((await desk.json<ReportResult>(['report', 'bob/memory'])).total.storageBytes).toBeNull();
    const all = ['report', '--all', '--sort', 'storage'];
    expect((await desk.json<ReportResult>(all)).total.storageBytes).toBeNull();
    const measured = await desk.json<ReportResult>([...all, '--measure']);
    expect(measured.total.storageBytes).toBe(2 ** 20 + 2 * 2 ** 16);
    expect(measured.rows).toMatchObject([
      { name: 'idle', calls: 0, storageBytes: 2 ** 20 },
      { name: 'al', calls: 2, ...known },
      { name: 'bob', ...known },
    ]);
    const csv = await desk.run([...all, '--measure', '--format', 'csv']);
    expect(csv.stdout.split('\n')[1]).toMatch(/^idle,0,.*,1048576,1073741824$/);
    const page = await desk.run([...all, '--measure', '--format', 'html']);
    expect(page.stdout).toContain('<td>1MiB of 1GiB</td>');
  });

  test('--format json prints what --json prints', async () => {
    using desk = deskWithUsage();
    const until = ['--until', '1h'];
    const { stdout } = await desk.run(['report', 'bob', '--format', 'json', ...until]);
    const { rows, ...others } = await desk.json<ReportResult>(['report', 'bob', ...until]);
    const printed = JSON.parse(stdout) as ReportResult;
    expect(printed.rows).toEqual(rows);
    expect(Object.keys(printed).toSorted()).toEqual(['rows', ...Object.keys(others)].toSorted());
  });

  test('needs no engine, and of nothing says so', async () => {
    using desk = new Desk();
    const { code, stdout, stderr } = await desk.run(['report']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Nothing was recorded in this time.');
  });

  test.each([
    [['report', 'bob', '--all'], 2, 'USAGE'],
    [['report', '--all', '--by', 'tool'], 2, 'USAGE'],
    [['report', '--sort', 'cpu'], 2, 'NOT_BY_TOOL'],
    [['report', 'bob', '--sort', 'storage'], 2, 'NOT_BY_USER'],
    [['report', '--since', '1h', '--until', '2d'], 2, 'EMPTY_PERIOD'],
    [['report', 'nobody'], 3, 'USER_NOT_FOUND'],
  ])('%j is refused', async (args, exit, code) => {
    using desk = deskWithUsage();
    const run = await desk.run([...args, '--json']);
    expect(run.code).toBe(exit);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code } });
  });
});

describe('the page of a report', () => {
  const hostile =
    '</title><script>console.error("in")</script><img src=x onerror=alert(1)>\u001b[2J';

  test('is drawn by a browser, with every plot, nothing on its console and nothing loaded', async () => {
    using desk = deskWithUsage();
    new UsageFiles(desk.env, 'al/memory').now({ calls: { [`tools/call:${hostile}`]: [1, 2, 3] } });
    const { stdout } = await desk.run(['report', '--all', '--format', 'html']);
    expect(stdout).not.toMatch(/<(?:script|img|link)|url\(|\p{Cc}\[/u);
    expect(stdout).not.toMatch(/<[^>]*\s(?:on\w+|src|href)=/);
    const path = join(desk.folder, 'report.html');
    writeFileSync(path, stdout);
    const { dom, console } = await loadPage(path);
    expect(console).toEqual([]);
    for (const plot of ['Calls by hour', 'Latency by hour', 'Top tools', 'Users']) {
      expect(dom).toContain(`role="img" aria-label="${plot}"`);
    }
    expect(dom.match(/<rect class="strip"/g)?.length).toBeGreaterThan(2 * 167);
    expect(dom.match(/<path class="line p99"/g)).toHaveLength(1);
    expect(dom).toContain('&lt;script&gt;console.error(');
    expect(dom).not.toContain('<script');
    expect(dom).toMatch(/<\/main>\s*<\/body><\/html>\s*$/);
  });

  test('of nothing is a page too', async () => {
    using desk = new Desk();
    const { stdout } = await desk.run(['report', '--format', 'html']);
    expect(stdout).toContain('Nothing was recorded in this time.');
    expect(stdout).not.toContain('NaN');
  });
});
