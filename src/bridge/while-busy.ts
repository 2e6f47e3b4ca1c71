const lookMs = 20;

/** Waits for what is in flight, for at most `graceMs`. */
export async function whileBusy(isBusy: () => boolean, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  while (isBusy() && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
