import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** Kit knows the hashes of its own inline scripts; this is that of the one in app.html. */
const template = readFileSync(new URL('src/app.html', import.meta.url), 'utf8');
const script = /<script>([^]*?)<\/script>/.exec(template)?.[1] ?? '';
/** @type {`sha256-${string}`} */
const scriptHash = `sha256-${createHash('sha256').update(script).digest('base64')}`;

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter({
      pages: 'build/client',
      assets: 'build/client',
      fallback: '404.html',
      precompress: true,
      strict: true,
    }),
    // The version names the build; no clock and no polling, so that two builds of one source are the same bytes.
    version: { name: process.env.APP_VERSION ?? version, pollInterval: 0 },
    paths: { relative: false },
    serviceWorker: { register: false },
    files: { serviceWorker: 'src/service-worker/service-worker' },
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['none'],
        'script-src': ['self', 'wasm-unsafe-eval', scriptHash],
        'style-src': ['self'],
        // Kit's route announcer sets one fixed inline style; this is its hash.
        'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
        'img-src': ['self', 'blob:', 'data:'],
        'media-src': ['self', 'blob:', 'mediastream:'],
        'connect-src': ['self'],
        'worker-src': ['self'],
        'manifest-src': ['self'],
        'base-uri': ['none'],
        'form-action': ['none'],
        'require-trusted-types-for': ['script'],
        'trusted-types': ['parley-worker', 'parley-service-worker', 'svelte-trusted-html'],
      },
    },
    prerender: {
      // A meeting link's fragment names a meeting, never an element of the page (PROTOCOL section 1).
      handleMissingId: ({ path, message }) => {
        if (path !== '/m') throw new Error(message);
      },
    },
    typescript: {
      config: (config) => ({
        ...config,
        include: [
          ...config.include,
          '../*.config.js',
          '../*.config.ts',
          '../scripts/**/*.mjs',
          '../bench/**/*.mjs',
        ],
        // Words are declared where they are imported; to check what was compiled takes longer than all the rest.
        exclude: [...(config.exclude ?? []), '../src/service-worker/**', '../src/lib/words/compiled/**'],
      }),
    },
  },
};
