import { defineConfig } from '@playwright/test';
import { isHere, type ProxyName } from './topology';

const PROXIES: ProxyName[] = ['nginx', 'caddy'];

/** `npm run deploy:check` starts it: the deployment as deploy/ describes it, on one machine. */
export default defineConfig<object, { front: ProxyName }>({
  testDir: '.',
  outputDir: '../../test-results/deploy',
  // One topology at a time: eight processes and two browsers share the machine already.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: '../nat/reporter.ts',
  projects: PROXIES.filter(isHere).map((front) => ({ name: front, use: { front } })),
});
