import type { Calls } from './messages';
import { FileStore } from './file-store';

/** Received files that nobody will come back for: of a meeting that is forgotten, or of all of them. */
export async function dropReceived({ files }: Calls['drop-received']['input']): Promise<null> {
  const store = new FileStore();
  if (files === 'all') await store.dropAll();
  else await Promise.all(files.map((file) => store.drop(file)));
  return null;
}
