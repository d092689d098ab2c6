/** The name of the vault's database. */
export const DATABASE = 'parley';

/** Whether anything was ever kept on this device: asked without the code that reads it. */
export async function hasVault(): Promise<boolean> {
  try {
    const databases = await indexedDB.databases();
    return databases.some(({ name }) => name === DATABASE);
  } catch {
    // A browser that cannot list them, or allows no storage: the vault itself says what is wrong.
    return true;
  }
}
