import type { Context } from '../context.ts';
import { getGroup, listGroups } from '../registry/groups.ts';
import { describeGroup, type GroupListResult, type GroupShowResult } from './result.ts';

export function listAllGroups({ registry }: Context): GroupListResult {
  return { groups: listGroups(registry).map((group) => describeGroup(registry, group)) };
}

/** Throws NotFoundError. */
export function showGroup({ registry }: Context, name: string): GroupShowResult {
  return { group: describeGroup(registry, getGroup(registry, name)) };
}
