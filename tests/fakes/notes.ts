/** What a view asked for, in order: the method and its arguments. */
export type Call = [method: string, ...args: unknown[]];

/** Methods that do nothing but note in `calls` that they were called. */
export const notesIn =
  (calls: Call[]) =>
  (method: string) =>
  (...args: unknown[]): void => {
    calls.push([method, ...args]);
  };
