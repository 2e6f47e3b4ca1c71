/** `1 user`, `2 users`; `digits` if the number is not to be written plainly. */
export function counted(count: number, noun: string, digits = String(count)): string {
  return `${digits} ${noun}${count === 1 ? '' : 's'}`;
}
