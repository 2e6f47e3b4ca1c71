import { dirname } from 'node:path/posix';
import type { Member } from './member.ts';
import { placeOf, type Place } from './place.ts';

export type Judged = { readonly place: Place } | { readonly reason: string };

/**
 * Decides about the members of an archive in their order: where each goes, or why it may not. What is in a
 * folder comes after that folder, as a folder, so no path leads through a link; a second name is given
 * only to a file of the same workspace. Pure but for what it has seen.
 */
export function createJudge(): (member: Member) => Judged {
  const folders = new Set<string>();
  return (member) => {
    const { path, type, target } = member;
    const place = placeOf(path);
    if (place === undefined) return { reason: 'its path leads elsewhere' };
    if (!('rest' in place)) {
      return type === 'file' ? { place } : { reason: 'it is not a file' };
    }
    if (place.rest === '' ? type !== 'directory' : !folders.has(dirname(path))) {
      return { reason: 'its folder is not one' };
    }
    if (type === 'directory') folders.add(path);
    const isLink = type === 'link' || type === 'symlink';
    if (isLink && place.area !== 'workspace') return { reason: 'it is a link' };
    if (type === 'link' && !isBeside(place, placeOf(target), folders.has(dirname(target)))) {
      return { reason: 'it is a second name of something elsewhere' };
    }
    if (type === 'symlink' && (target === '' || target.includes('\0'))) {
      return { reason: 'it links to nothing' };
    }
    return { place };
  };
}

function isBeside(place: Place, target: Place | undefined, isInFolder: boolean): boolean {
  return (
    isInFolder &&
    place.area === 'workspace' &&
    target?.area === 'workspace' &&
    target.user === place.user &&
    target.rest !== ''
  );
}
