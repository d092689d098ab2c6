/**
 * Everything that must hold before a change goes in.
 *
 *   node scripts/test.mjs           every check and every test; the last line reads "N passed, N failed"
 *   node scripts/test.mjs verify    the quick part: no browser, no journeys
 *
 * A check (format, lint, ...) counts as one; a test runner's tests count each. No step hides a later one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findProgram } from './find-chromium.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'parley-reports-'));
const isQuick = process.argv.includes('verify');
const total = { passed: 0, failed: 0 };
/** @type {string[]} */
const broken = [];

/**
 * Runs one of node_modules/.bin, or `node` itself; its output is shown as it comes.
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 * @returns {boolean} whether it succeeded
 */
function run(program, args, env = {}) {
  const path = program === 'node' ? process.execPath : join(root, 'node_modules', '.bin', program);
  const options = { cwd: root, env: { ...process.env, ...env }, shell: process.platform === 'win32' };
  return spawnSync(path, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/**
 * @param {string} name
 * @param {string} program
 * @param {...string} args
 */
function check(name, program, ...args) {
  process.stdout.write(`\n▸ ${name}\n`);
  const isGood = run(program, args);
  total[isGood ? 'passed' : 'failed'] += 1;
  if (!isGood) broken.push(name);
  return isGood;
}

/**
 * A runner that fails without a failed test (a crash, a file that does not load) counts as one failure.
 * @param {string} name
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {(report: any) => { passed: number, failed: number }} countsOf
 */
function runner(name, program, args, env, countsOf) {
  process.stdout.write(`\n▸ ${name}\n`);
  const isGood = run(program, args, env);
  const counts = countsIn(name, countsOf);
  if (!isGood && counts.failed === 0) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  if (counts.failed > 0) broken.push(name);
}

/**
 * @param {string} name
 * @param {(report: any) => { passed: number, failed: number }} countsOf
 */
function countsIn(name, countsOf) {
  try {
    return countsOf(JSON.parse(readFileSync(reportPath(name), 'utf8')));
  } catch (error) {
    process.stderr.write(`${name} left no report: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  }
}

/** @param {string} name */
const reportPath = (name) => join(reports, `${name}.json`);

/** @param {string[]} projects */
function vitest(...projects) {
  const name = projects.join('+');
  runner(
    name,
    'vitest',
    [
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath(name)}`,
    ],
    {},
    (report) => ({ passed: report.numPassedTests, failed: report.numFailedTests }),
  );
}

function playwright() {
  const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: reportPath('e2e') };
  if (findProgram(['redis-server', 'valkey-server'], []) === null) {
    process.stdout.write(
      '\nNo redis-server here: what needs one is left out (Debian: apt-get install redis-server).\n',
    );
  }
  runner('e2e', 'playwright', ['test', '--reporter=list,json'], env, ({ stats }) => ({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
  }));
}

/** Browsers behind routers of several kinds; where that cannot be, it says why in one line and counts nothing. */
function networks() {
  runner('nat', 'node', ['tests/nat/run.js', 'smoke'], { LAB_REPORT: reportPath('nat') }, (report) => report);
}

function everything() {
  if (!check('install', 'node', 'scripts/ready.mjs')) return;
  if (!isQuick && !check('chromium', 'node', 'scripts/find-chromium.mjs')) return;
  check('sync', 'svelte-kit', 'sync');
  check('format', 'prettier', '--check', '.');
  check('lint', 'eslint', '--max-warnings', '0', '.');
  check('types', 'svelte-check', '--tsconfig', './tsconfig.json', '--fail-on-warnings');
  check('types of the server', 'tsc', '-p', 'src/server/tsconfig.json');
  check('types of the service worker', 'tsc', '-p', 'src/service-worker/tsconfig.json');
  check('imports', 'depcruise', 'src', '--config');
  check('dead code', 'knip');
  const isBuilt = check('build', 'node', 'scripts/ready.mjs', '--build');
  if (isBuilt) check('size', 'node', 'scripts/size.mjs');
  if (isQuick) return vitest('node');
  vitest('node', 'browser');
  if (isBuilt) vitest('build');
  if (isBuilt) playwright();
  if (isBuilt) networks();
}

try {
  everything();
} finally {
  rmSync(reports, { recursive: true, force: true });
}
if (broken.length > 0) process.stdout.write(`\nFailed: ${broken.join(', ')}\n`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed === 0 ? 0 : 1);
