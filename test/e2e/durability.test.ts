import { rm } from 'node:fs/promises';
import { upgrade, type Changes } from './upgrade.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disposals } from '../support/disposals.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { Tenancy } from '../support/tenancy.ts';
import { Keeper, withSecret } from './keeper.ts';

const patience = { timeout: 60_000, interval: 250 };

const disposals = new Disposals();
let template: OwnTemplate;
let tenancy: Tenancy;
let bob: Keeper;

beforeAll(async () => {
  template = disposals.add(await OwnTemplate.copyOf('everything', withSecret));
  tenancy = disposals.add(await Tenancy.open());
  bob = await Keeper.add({ tenancy, template });
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

describe('port, URL, token, workspace and secrets stay the same', { timeout: 180_000 }, () => {
  it('when nothing happens', async () => {
    expect(await bob.look()).toEqual(bob.belongings);
  });

  it('over stop and start, in the same containers', async () => {
    const before = await bob.containers();
    await tenancy.json(['stop', 'bob']);
    await tenancy.json(['start', 'bob']);
    expect(await bob.look()).toEqual(bob.belongings);
    expect(await bob.containers()).toEqual(before);
  });

  it('over a restart of one server by mcpd', async () => {
    await tenancy.json(['restart', `bob/${template.name}`]);
    expect(await bob.look()).toEqual(bob.belongings);
  });

  it('over docker restart, without mcpd doing anything', async () => {
    await tenancy.docker('restart', ...Object.values(await bob.containers()));
    await expect.poll(() => bob.look(), patience).toEqual(bob.belongings);
  });

  it('over a container that is killed, without mcpd doing anything', async () => {
    const { environment = '' } = await bob.containers();
    const pid = await tenancy.docker('inspect', '--format', '{{.State.Pid}}', environment);
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(() => bob.look(), patience).toEqual(bob.belongings);
  });

  it('over down and up, in new containers', async () => {
    const before = await bob.containers();
    await tenancy.json(['down', 'bob', '--yes']);
    // As after a reboot, which is no reason to bring anybody back.
    await tenancy.json(['up', '--leave-down']);
    expect(await tenancy.objects()).toEqual([]);
    await tenancy.json(['up', 'bob']);
    expect(await bob.look()).toEqual(bob.belongings);
    expect(await bob.containers()).not.toEqual(before);
  });

  it('over a reboot, after which containers wait for mcpd up', async () => {
    const containers = Object.values(await bob.containers());
    await tenancy.docker('kill', ...containers);
    await rm(await tenancy.runtime(), { recursive: true });
    for (const id of containers) {
      await expect(tenancy.docker('start', id)).rejects.toThrow('bind source path does not exist');
    }
    await tenancy.json(['up']);
    expect(await bob.look()).toEqual(bob.belongings);
  });

  it('over the loss of run-time files under running servers, which mcpd up restarts', async () => {
    const before = await bob.containers();
    await rm(await tenancy.runtime(), { recursive: true });
    const { users } = await tenancy.json<Changes>(['plan', 'bob']);
    const cause = 'its run-time folder was gone';
    expect(users[0]?.operations).toEqual(
      bob.belongings.addresses.flatMap(({ name }) => [
        { type: 'server.stop', subject: `bob/${name}`, cause },
        { type: 'server.start', subject: `bob/${name}`, cause },
      ]),
    );
    await tenancy.json(['up', 'bob']);
    expect(await bob.look()).toEqual(bob.belongings);
    expect(await bob.containers()).toEqual(before);
  });

  it('over new images, as after an upgrade of mcpd, once mcpd upgrade has replaced the servers', async () => {
    const before = Object.values(await bob.containers());
    await using newer = await upgrade(tenancy, ['filesystem', template.folder]);
    expect(await newer.operations('plan', 'bob')).toEqual([]);
    expect(await newer.run('upgrade', 'bob')).toMatchObject({
      changed: true,
      servers: bob.belongings.addresses.map(({ name }) => ({
        server: `bob/${name}`,
        outcome: 'upgraded',
      })),
    });
    expect(await bob.look()).toEqual(bob.belongings);
    const after = Object.values(await bob.containers());
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(await newer.operations('plan', 'bob')).toEqual([]);
    // Those in use can't be removed.
    await tenancy.json(['down', 'bob', '--yes']);
  });
});
