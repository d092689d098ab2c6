/** The vault's code has parts that only pages run (vault/unlocked.ts): here they exist for the type checker alone. */
interface WorkerLocation {
  reload(): void;
}
declare const document: { addEventListener(type: string, listener: () => void, options?: object): void };
