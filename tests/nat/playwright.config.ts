import { defineConfig } from '@playwright/test';

const TIERS = ['bare', 'smoke', 'matrix', 'faults', 'recovery'] as const;

/** The lab: one network, so one case at a time. `node tests/nat/run.js` starts it. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/nat',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: './reporter.ts',
  projects: TIERS.map((name) => ({ name, testMatch: `${name}.spec.ts` })),
});
