import { counted } from '../counted.ts';
import { formatBytes } from '../policy/bytes.ts';
import type { Figures } from '../report/result.ts';

/** `1,234,567` */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `1,234 calls, 1 error` */
export function formatCalls({ calls, errors }: Pick<Figures, 'calls' | 'errors'>): string {
  const count = (number: number, noun: string) => counted(number, noun, formatCount(number));
  return `${count(calls, 'call')}, ${count(errors, 'error')}`;
}

/** `0%`, `0.04%`, `12.5%` */
export function formatShare(share: number): string {
  return `${threeDigits(share * 100)}%`;
}

/** `0.5ms`, `120ms`, `1.5s`; a dash for null. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 1000 ? `${threeDigits(ms)}ms` : formatSeconds(ms / 1000);
}

/** `0.2s`, `12s`, `3m20s`, `5h04m` */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${threeDigits(seconds)}s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes}m${padded(Math.round(seconds) % 60)}s`;
  return `${formatCount(Math.floor(minutes / 60))}h${padded(minutes % 60)}m`;
}

/** `120MiB`, `120MiB of 1GiB`; a dash where it isn't known. */
export function formatStorage({ storageBytes, storageQuotaBytes }: Storage): string {
  const used = storageBytes === null ? '-' : formatBytes(storageBytes);
  return storageQuotaBytes === null ? used : `${used} of ${formatBytes(storageQuotaBytes)}`;
}

type Storage = Pick<Figures, 'storageBytes' | 'storageQuotaBytes'>;

export function hasStorage({ storageBytes, storageQuotaBytes }: Storage): boolean {
  return storageBytes !== null || storageQuotaBytes !== null;
}

/** A tool by its name, every other method by its own. */
export function displayName(name: string): string {
  return name.startsWith('tools/call:') ? name.slice('tools/call:'.length) : name;
}

function threeDigits(value: number): string {
  const digits = value < 1 ? 2 : value < 100 ? 1 : 0;
  return String(Number(value.toFixed(digits)));
}

function padded(count: number): string {
  return String(count).padStart(2, '0');
}
