import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJudge } from '../../../src/backup/judge.ts';
import type { Member } from '../../../src/backup/member.ts';
import { placeOf } from '../../../src/backup/place.ts';
import { aliceId, bobId, folderOf, memberOf, serverId } from './temporary.ts';

const workspace = `users/${bobId}/workspace`;
const logs = `users/${bobId}/logs/${serverId}`;

/** What the last of these members is refused for; undefined when it isn't. */
function refusalOf(...members: readonly Member[]): string | undefined {
  const judge = createJudge();
  const judged = members.map((member) => judge(member)).at(-1);
  return judged && 'reason' in judged ? judged.reason : undefined;
}

test('files, folders and links in a workspace are taken', () => {
  const judge = createJudge();
  const members = [
    folderOf(workspace),
    folderOf(`${workspace}/a`),
    memberOf(`${workspace}/a/file`),
    memberOf(`${workspace}/a/link`, { type: 'symlink', target: '../../../../etc/passwd' }),
    memberOf(`${workspace}/again`, { type: 'link', target: `${workspace}/a/file` }),
    memberOf(`${workspace}/odd\nname\xff`),
  ];
  expect(members.map((member) => judge(member)).filter((one) => 'reason' in one)).toEqual([]);
});

test.each([
  '../outside',
  '/etc/passwd',
  `${workspace}/../../x`,
  `${workspace}/a/../b`,
  `${workspace}/./b`,
  `${workspace}//b`,
  `${workspace}/b/`,
  `${workspace}/a\0b`,
  'users/../../workspace/x',
  `users/${bobId}/workspace.img`,
  `users/${bobId}/other/x`,
  `users/bob/workspace/x`,
  'registry.db',
  '',
])('the path "%s" is refused', (path) => {
  expect(placeOf(path)).toBeUndefined();
  expect(refusalOf(folderOf(workspace), memberOf(path))).toBe('its path leads elsewhere');
});

test('whatever names a path is made of, it is refused or stays inside', () => {
  const name = fc.oneof(
    fc.constantFrom('..', '.', '', 'users', bobId, 'workspace', 'logs', serverId, 'audit'),
    fc.string({ unit: 'binary-ascii', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 8 }), (names) => {
      const place = placeOf(names.join('/'));
      if (!place || !('rest' in place)) return;
      const { rest } = place;
      expect(new URL(`x:/a/b/${encodeURIComponent(rest)}`).pathname.startsWith('/a/b/')).toBe(true);
      expect(rest === '' || rest.split('/').every((one) => !['', '.', '..'].includes(one))).toBe(
        true,
      );
      expect(rest).not.toContain('\0');
    }),
  );
});

test('nothing goes through a link, into a file, or into a folder that was not there', () => {
  const link = memberOf(`${workspace}/link`, { type: 'symlink', target: '/etc' });
  const inLink = memberOf(`${workspace}/link/passwd`);
  expect(refusalOf(folderOf(workspace), link, inLink)).toBe('its folder is not one');
  const file = memberOf(`${workspace}/file`);
  expect(refusalOf(folderOf(workspace), file, memberOf(`${workspace}/file/x`))).toBeDefined();
  expect(refusalOf(folderOf(workspace), memberOf(`${workspace}/a/x`))).toBeDefined();
  expect(refusalOf(memberOf(`${workspace}/x`))).toBeDefined();
});

test('a workspace is a folder, not a link to one', () => {
  const member = memberOf(workspace, { type: 'symlink', target: '/etc' });
  expect(refusalOf(member)).toBe('its folder is not one');
});

test('a second name is given to nothing outside of the workspace', () => {
  const other = `users/${aliceId}/workspace`;
  const again = (target: string) =>
    refusalOf(
      folderOf(workspace),
      folderOf(other),
      memberOf(`${other}/file`),
      memberOf(`${workspace}/again`, { type: 'link', target }),
    );
  expect(again(`${other}/file`)).toMatch('second name');
  expect(again('/etc/shadow')).toMatch('second name');
  expect(again(`${workspace}/../../keys/token.jwk`)).toMatch('second name');
  expect(again(workspace)).toMatch('second name');
});

test('logs and the audit hold files, no links', () => {
  expect(refusalOf(folderOf(logs), memberOf(`${logs}/audit.jsonl`))).toBeUndefined();
  const link = { type: 'symlink', target: '/etc/passwd' } as const;
  expect(refusalOf(folderOf(logs), memberOf(`${logs}/audit.jsonl`, link))).toBe('it is a link');
  expect(refusalOf(folderOf('audit'), memberOf('audit/x', link))).toBe('it is a link');
});
