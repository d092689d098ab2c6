import { sveltekit } from '@sveltejs/kit/vite';
import { SvelteKitPWA } from '@vite-pwa/sveltekit';
import { defineConfig } from 'vite';
import { galleryPage } from './src/lib/ui/gallery/dev-page';
import { withIntegrity } from './scripts/precache-entries.mjs';
import { pinnedKey } from './scripts/release-key.mjs';
import { parleyDevServer } from './src/server/dev';

/**
 * Few files where Kit would make dozens of small ones: on a cold visit each costs more in the asking than in its bytes.
 * What only one page uses stays with that page.
 */
const CHUNKS = [
  {
    name: 'shell',
    test: /node_modules\/(?:svelte|@sveltejs|esm-env|clsx)\/|rolldown\/runtime|vite\/preload|\/src\/hooks|\/ui\/(?:Frame|Mark|Icon|Alert|Trouble|Dialog|ConfirmDialog|words|idle|page-fade|tokens|base)\.|\/lib\/words\/(?!LanguageChoice)[\w-]+\.|\/lib\/protocol\/(?:errors|bytes|link)\.|\/vault\/exists\.|\/RewrittenNotice\.|\/installed\/handed\.|\/doctor\/.*type=style/,
    priority: 3,
  },
  {
    name: 'saved',
    test: /node_modules\/(?:zod|idb)\/|\/lib\/protocol\/(?!release|json)|\/lib\/vault\/(?:vault|rows|schema|database|data-key|device-key|meeting-lock)\.|\/(?:attention|opening|server-log)\./,
    priority: 2,
  },
  {
    name: 'reach',
    test: /node_modules\/@trpc\/|\/lib\/signaling\/(?!server-sent)|\/worker\/(?:client|shuttle)|\/ui\/(?:copy|save)\.|\/chat\/conversation\.|\/NameDialog\./,
    priority: 1,
  },
  { name: 'update', test: /\/lib\/release\/(?:update|served|worker-url)\./ },
];

const WORKER_CHUNKS = [
  {
    name: 'vault-jobs',
    test: /node_modules\/hash-wasm\/|\/(?:lock-jobs|backup-jobs|received-jobs|sealed-json|passphrase-box|json)\./,
    // What they share with the rest stays there: else whoever joins would load all of this for it.
    includeDependenciesRecursively: false,
  },
];

export default defineConfig({
  // The session worker loads the post-quantum part as a chunk of its own, and what locks and backups need as another.
  worker: {
    format: 'es',
    rolldownOptions: { output: { codeSplitting: { groups: WORKER_CHUNKS } } },
  },
  // The key by which this build judges the next one (lib/release).
  define: { 'import.meta.env.RELEASE_KEY': JSON.stringify(pinnedKey()) },
  // Kit prerenders in a hook of the build; that this takes seconds is no news.
  build: {
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: { codeSplitting: { groups: CHUNKS } },
    },
  },
  plugins: [
    sveltekit(),
    parleyDevServer(),
    galleryPage(),
    SvelteKitPWA({
      strategies: 'injectManifest',
      srcDir: 'src/service-worker',
      filename: 'service-worker.ts',
      // The page registers the worker itself, and another version's only when the person agrees (lib/release).
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        id: '/',
        name: 'Parley',
        short_name: 'Parley',
        description: 'Private meetings in a link',
        lang: 'en',
        dir: 'ltr',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        theme_color: '#f7f7f3',
        background_color: '#f7f7f3',
        categories: ['communication', 'productivity'],
        shortcuts: [
          { name: 'New meeting', url: '/m#new', icons: [{ src: '/icon-192.png', sizes: '192x192' }] },
          // Which ones there are only the vault says: the system gets no name of a meeting (decision 0013).
          { name: 'Your meetings', url: '/#meetings', icons: [{ src: '/icon-192.png', sizes: '192x192' }] },
        ],
        share_target: {
          action: '/share',
          method: 'POST',
          enctype: 'multipart/form-data',
          params: { title: 'title', text: 'text', url: 'url', files: [{ name: 'files', accept: ['*/*'] }] },
        },
        file_handlers: [{ action: '/settings', accept: { 'application/vnd.parley.backup': ['.parley'] } }],
        // A link that is opened while a meeting goes on must not take its window.
        handle_links: 'preferred',
        launch_handler: { client_mode: 'navigate-new' },
        screenshots: [
          {
            src: '/screenshot-wide.png',
            sizes: '1280x800',
            type: 'image/png',
            form_factor: 'wide',
            label: 'A meeting, with its people and its safety words',
          },
          {
            src: '/screenshot-narrow.png',
            sizes: '780x1688',
            type: 'image/png',
            form_factor: 'narrow',
            label: 'A conversation on a phone',
          },
        ],
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      injectManifest: {
        // Everything the app can ask for without a network; tests/build/precache.test.ts holds the list to the build.
        globPatterns: [
          'client/**/*.{js,css,html,json,png,svg,ico,wasm,webmanifest}',
          'prerendered/pages/**/*.html',
        ],
        globIgnores: [
          'server/**',
          'client/screenshot-*.png',
          'client/social.png',
          'client/.vite/**',
          'client/service-worker.js',
          'client/_app/version.json',
        ],
        manifestTransforms: [withIntegrity],
        // The largest part is ML-KEM's chunk, far below; a file beyond this would silently be missing offline.
        maximumFileSizeToCacheInBytes: 1024 * 1024,
      },
    }),
  ],
});
