/** What a file's tests share and `afterAll` disposes of, last first, all of it even when one fails. */
export class Disposals {
  readonly #all: AsyncDisposable[] = [];

  add<One extends AsyncDisposable>(one: One): One {
    this.#all.push(one);
    return one;
  }

  async dispose(): Promise<void> {
    const errors: unknown[] = [];
    for (const one of this.#all.splice(0).toReversed()) {
      try {
        await one[Symbol.asyncDispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors);
  }
}
