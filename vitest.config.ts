import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, findChromium } from './scripts/find-chromium.mjs';

// Without a Chromium the Node tests still run; the browser tests then say that none was found.
const executablePath = findChromium();

export default defineConfig({
  plugins: [sveltekit()],
  test: {
    // Two at a time: the browser and what it is tested with share a small machine.
    maxWorkers: 2,
    // What a page loads before its first word.
    setupFiles: ['tests/support/words.ts'],
    // What is waited for may take its time on a busy machine; what never comes still fails.
    expect: { poll: { timeout: 15_000 } },
    // Flipping every byte of a handshake takes seconds where the machine is busy with something else.
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/**/*.test.ts', 'tests/server/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['src/**/*.browser.test.ts', 'tests/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { ...(executablePath === null ? {} : { executablePath }), args: CHROMIUM_ARGS },
              contextOptions: { permissions: ['microphone', 'camera'] },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        // The built product: what is in it, and that a clean build makes the same bytes.
        test: {
          name: 'build',
          environment: 'node',
          include: ['tests/build/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
    ],
  },
});
