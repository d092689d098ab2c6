import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The server as one file, beside the client it serves. Only the native database stays in node_modules. */
export default defineConfig({
  define: { PARLEY_VERSION: JSON.stringify(process.env['APP_VERSION'] ?? version) },
  publicDir: false,
  build: {
    ssr: 'src/server/main.ts',
    outDir: 'build/server',
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: 'main.js', codeSplitting: false } },
  },
  ssr: { noExternal: true, external: ['libsql'] },
});
