import { join } from 'node:path';
import { readText } from './proc-file.ts';

/** `0100007F` is 127.0.0.1; version 6 has ::1, and 127.0.0.1 mapped into it. */
const loopback = /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;
const listening = '0A';

/** Whether somebody listens on `port` at an address that is reached from outside this network namespace. */
export function isExposed(port: number, folder = '/proc/net'): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['tcp', 'tcp6'].some((file) =>
    readText(join(folder, file))
      .split('\n')
      .some((line) => {
        const [, local = '', , state] = line.trim().split(/\s+/);
        const [address = '', number] = local.split(':');
        return state === listening && number === wanted && !loopback.test(address);
      }),
  );
}
