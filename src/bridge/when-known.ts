/**
 * Goes on with a value at once when it is there, else when it comes. An `await` would cost a turn, and an async
 * function what it keeps of itself, where most often there is nothing to wait for.
 */
export function whenKnown<Value, Result>(
  value: Value | Promise<Value>,
  goOn: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then((known) => goOn(known)) : goOn(value);
}
