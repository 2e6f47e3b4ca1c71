import { expect, test } from 'vitest';
import { claimValues, mappingProblem } from '../../../src/policy/claim-values.ts';

test('a user is who is mapped to them, by the last equals sign', () => {
  const mappings = ['bob@example.com=bob', 'cn=b,dc=x=bob', 'alice@example.com=alice'];
  expect(claimValues(mappings, 'bob')).toEqual(['bob@example.com', 'cn=b,dc=x']);
  expect(claimValues(mappings, 'carol')).toEqual([]);
});

test('with * a user is who has their name, unless that value is mapped to another', () => {
  expect(claimValues(['*'], 'bob')).toEqual(['bob']);
  expect(claimValues(['*', 'b=bob'], 'bob')).toEqual(['b', 'bob']);
  expect(claimValues(['*', 'bob=alice'], 'bob')).toEqual([]);
  expect(claimValues(['*', 'bob=alice'], 'alice')).toEqual(['bob', 'alice']);
});

test('a mapping that says nothing, or something twice, is a problem', () => {
  expect(mappingProblem(['*', 'a=b', 'c=b'])).toBeUndefined();
  expect(mappingProblem(['bob'])).toContain('"bob"');
  expect(mappingProblem(['=bob'])).toContain('"=bob"');
  expect(mappingProblem(['a=b', 'a=c'])).toContain('mapped twice');
});
