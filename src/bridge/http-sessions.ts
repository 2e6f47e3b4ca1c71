/** Above this the session that was named longest ago is forgotten; its client starts a new one. */
const rememberedSessions = 1024;

/** Whose the sessions of a server are that names them itself. */
export interface HttpSessions {
  /** The first subject that was given an id keeps it. */
  bind(id: string, subject: string): void;
  /** Another subject's session is as unknown as one that never was. */
  isOf(id: string, subject: string): boolean;
  /** Names a session where its id must not be told. */
  labelOf(id: string): string | null;
  forget(id: string): void;
  clear(): void;
}

export function trackHttpSessions(most = rememberedSessions): HttpSessions {
  const subjects = new Map<string, string>();
  const labels = new Map<string, string>();
  let count = 0;
  /** Oldest first, by their last use. */
  const touch = (id: string, subject: string): void => {
    subjects.delete(id);
    subjects.set(id, subject);
  };
  const forget = (id: string): void => {
    subjects.delete(id);
    labels.delete(id);
  };
  return {
    bind: (id, subject) => {
      touch(id, subjects.get(id) ?? subject);
      if (!labels.has(id)) {
        count += 1;
        labels.set(id, String(count));
      }
      if (subjects.size > most) forget(subjects.keys().next().value ?? '');
    },
    isOf: (id, subject) => {
      if (subjects.get(id) !== subject) return false;
      touch(id, subject);
      return true;
    },
    labelOf: (id) => labels.get(id) ?? null,
    forget,
    clear: () => {
      subjects.clear();
      labels.clear();
    },
  };
}
