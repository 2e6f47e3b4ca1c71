import { expect, test } from 'vitest';
import { sshArguments } from '../../../../src/engine/docker/ssh.ts';

test('user and port go to ssh as options, the host after the last of them', () => {
  const line = sshArguments('ssh://bob@engine:2222').join(' ');
  expect(line).toContain('-p 2222 -l bob -- engine docker system dial-stdio');
});

test('ssh may not ask anything', () => {
  expect(sshArguments('ssh://engine')).toContain('BatchMode=yes');
});
