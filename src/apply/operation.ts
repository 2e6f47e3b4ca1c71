/** What is to be done, and why. `subject` is a name: of a group, of a user, of a server `bob/memory`, of a secret. */
export interface Operation {
  readonly type:
    | 'group.create'
    | 'group.update'
    | 'group.remove'
    | 'user.create'
    | 'user.update'
    | 'user.remove'
    | 'server.add'
    | 'server.remove'
    | 'server.restart'
    | 'secret.set'
    | 'secret.remove';
  readonly subject: string;
  readonly cause: string;
}

/** Of something that the document doesn't list. */
export function gone(type: Operation['type'], subject: string): Operation {
  return { type, subject, cause: 'not in the document' };
}

/** One line per operation: `user.update bob (memory 256m → 512m)`. */
export function formatOperations(operations: readonly Operation[]): string {
  return operations.map(({ type, subject, cause }) => `${type} ${subject} (${cause})`).join('\n');
}
