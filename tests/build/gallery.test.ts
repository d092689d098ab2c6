import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT, filesIn } from './product';

/** The page of all components is for whoever builds with them: `npm run dev` serves it, and no build holds any of it. */
test('nothing of the gallery is in the build', async () => {
  const files = (await filesIn(CLIENT)).filter((file) => /\.(?:html|js|css|json)$/.test(file));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => file.includes('gallery'))).toEqual([]);
  // A sentence that only it says.
  const traces = await Promise.all(
    files.map(async (file) =>
      (await readFile(join(CLIENT, file), 'utf8')).includes('A switch that waits') ? [file] : [],
    ),
  );
  expect(traces.flat()).toEqual([]);
});
