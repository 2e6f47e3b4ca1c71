/** Above this the session that was named longest ago is forgotten; its client starts a new one. */
const rememberedSessions = 1024;

/** Whose the sessions of a server are that names them itself. */
export interface HttpSessions {
  /** The first subject that was given an id keeps it. */
  bind(id: string, subject: string): void;
  /** Another subject's session is as unknown as one that never was. */
  isOf(id: string, subject: string): boolean;
  forget(id: string): void;
  clear(): void;
}

export function trackHttpSessions(most = rememberedSessions): HttpSessions {
  const subjects = new Map<string, string>();
  /** Oldest first, by their last use. */
  const touch = (id: string, subject: string): void => {
    subjects.delete(id);
    subjects.set(id, subject);
  };
  return {
    bind: (id, subject) => {
      touch(id, subjects.get(id) ?? subject);
      if (subjects.size > most) subjects.delete(subjects.keys().next().value ?? '');
    },
    isOf: (id, subject) => {
      if (subjects.get(id) !== subject) return false;
      touch(id, subject);
      return true;
    },
    forget: (id) => void subjects.delete(id),
    clear: () => subjects.clear(),
  };
}
