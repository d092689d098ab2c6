import { defineConfig } from '@playwright/test';
import type { Fixtures } from './tests/e2e/journey';
import { CHROMIUM_ARGS, findChromium } from './scripts/find-chromium.mjs';
import { hasRedis } from './tests/support/redis';

const executablePath = findChromium();

/** A camera that asks little of a machine on which four browsers encode and decode at once. */
const FEW_FRAMES = '--use-fake-device-for-media-stream=fps=8';

/** The same journeys where host and guest are at different processes, which share what they know through Redis. */
const TWO_PROCESSES = {
  name: 'two-processes',
  testMatch: /\/[1-7]-.*\.spec\.ts$/,
  use: { browserName: 'chromium' as const, processes: 2 },
};

/** The journeys: each file starts its own server from the build, so nothing is shared between files. */
export default defineConfig<Fixtures>({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  // Two browsers take part in most journeys, and two journeys at a time fill two cores.
  workers: process.env.CI === undefined ? 2 : 1,
  fullyParallel: false,
  // A test that fails once has failed: a retry would only hide the race.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    // The product runs with its service worker, so the tests do.
    serviceWorkers: 'allow',
    locale: 'en-GB',
    // A trace takes a fifth of the time; in a run that nobody sits at, nobody opens it.
    trace: process.env.CI === undefined ? 'retain-on-failure' : 'off',
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      args: [...CHROMIUM_ARGS, FEW_FRAMES],
    },
  },
  projects: [{ name: 'e2e', use: { browserName: 'chromium' } }, ...(hasRedis ? [TWO_PROCESSES] : [])],
});
