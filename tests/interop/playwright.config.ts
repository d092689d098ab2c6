import { defineConfig } from '@playwright/test';

/** `npm run test:interop` starts it. Playwright runs the cases; the browsers are Puppeteer's, which can drive any Firefox. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/interop',
  // Two browsers with a camera each fill two cores.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: '../nat/reporter.ts',
});
