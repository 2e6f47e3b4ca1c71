/**
 * Merges sources into one. With an order, of sources that are sorted by it themselves, the result is
 * sorted; without, items come as they arrive. Holds one item per source, and asks a source for the next
 * one only after the last was taken. Rejects with the first failure of a source.
 */
export async function* merge<Item>(
  sources: readonly AsyncGenerator<Item>[],
  order?: (a: Item, b: Item) => number,
): AsyncGenerator<Item> {
  const heads = new Map<AsyncGenerator<Item>, Item>();
  let failure: { readonly error: unknown } | undefined;
  let pending = 0;
  let wake = Promise.withResolvers<void>();

  // Not a race of promises: those of a quiet source would collect a reaction for every item of the others.
  const pull = async (source: AsyncGenerator<Item>): Promise<void> => {
    pending += 1;
    try {
      const result = await source.next();
      if (result.done !== true) heads.set(source, result.value);
    } catch (error) {
      failure ??= { error };
    }
    pending -= 1;
    wake.resolve();
  };
  const mustWait = () => !failure && pending > 0 && (order !== undefined || heads.size === 0);

  try {
    for (const source of sources) void pull(source);
    for (;;) {
      while (mustWait()) {
        await wake.promise;
        wake = Promise.withResolvers();
      }
      if (failure) throw failure.error;
      const [source] = order ? earliest(heads, order) : heads.keys();
      if (!source) return;
      yield heads.get(source) as Item;
      heads.delete(source);
      void pull(source);
    }
  } finally {
    // Also when the consumer stops early. One that waits for its engine ends by the signal.
    for (const source of sources) source.return(undefined).catch(() => undefined);
  }
}

function earliest<Item>(
  heads: ReadonlyMap<AsyncGenerator<Item>, Item>,
  order: (a: Item, b: Item) => number,
): AsyncGenerator<Item>[] {
  let best: [AsyncGenerator<Item>, Item] | undefined;
  for (const head of heads) {
    if (!best || order(head[1], best[1]) < 0) best = head;
  }
  return best ? [best[0]] : [];
}
