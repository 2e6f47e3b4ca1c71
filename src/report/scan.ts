import { usageSum, type UsageSum } from '../records/usage.ts';

const zero = 0x30;
const nine = 0x39;
const [point, comma, open, close] = [0x2e, 0x2c, 0x5b, 0x5d];
/** Beyond these a number of JSON is not what its digits add up to. */
const mostDigits = 15;

/**
 * Reads the sum at the beginning of a line as `decodeUsageSum` does, but from its bytes, in a third of the
 * time: a report reads hundreds of thousands. Undefined for what is not written in plain digits.
 */
export function scanUsageSum(buffer: Buffer, start: number, end: number): UsageSum | undefined {
  if (buffer[start] !== open) return undefined;
  const numbers: number[] = [];
  let isInSum = false;
  let value = 0;
  let digits = 0;
  // 0 before the point, then ten to the number of digits behind it.
  let divisor = 0;
  for (let at = start + 1; at < end; at += 1) {
    const byte = buffer[at] ?? 0;
    if (byte >= zero && byte <= nine) {
      value = value * 10 + byte - zero;
      divisor *= 10;
      digits += 1;
    } else if ((byte === comma || byte === close) && digits > 0 && digits <= mostDigits) {
      numbers.push(divisor === 0 ? value : value / divisor);
      if (byte === close) return isInSum ? usageSum(numbers) : undefined;
      value = digits = divisor = 0;
    } else if (byte === point && digits > 0 && divisor === 0) {
      divisor = 1;
    } else if (byte === open && digits === 0 && numbers.length === 5 && !isInSum) {
      isInSum = true;
    } else {
      return undefined;
    }
  }
  return undefined;
}
