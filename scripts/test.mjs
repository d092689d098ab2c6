/**
 * Everything that must hold before a change goes in.
 *
 *   node scripts/test.mjs           every check and every test; the last line reads "N passed, N failed"
 *   node scripts/test.mjs verify    the quick part: no browser, no journeys
 *
 * A check (format, lint, ...) counts as one; a test runner's tests count each. No step hides a later one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findProgram } from './find-chromium.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'parley-reports-'));
const isQuick = process.argv.includes('verify');
const total = { passed: 0, failed: 0 };
/** Every check and test that failed, by name: repeated at the end, where the reader of a long log looks first. @type {string[]} */
const broken = [];

/** @typedef {{ passed: number, failed: number, failures?: string[] }} Counts */

const OPTIONS = { cwd: root, shell: process.platform === 'win32' };

/** @param {string} program */
const pathOf = (program) =>
  program === 'node' ? process.execPath : join(root, 'node_modules', '.bin', program);

/**
 * Runs one of node_modules/.bin, or `node` itself. `isQuiet`: what it says is kept, and else shown as it comes.
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, isQuiet?: boolean }} [how]
 * @returns {Promise<{ isGood: boolean, output: string }>}
 */
function run(program, args, { env = {}, isQuiet = false } = {}) {
  const out = isQuiet ? 'pipe' : 'inherit';
  const options = { ...OPTIONS, env: { ...process.env, ...env } };
  const child = spawn(pathOf(program), args, { ...options, stdio: ['ignore', out, out] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ isGood: false, output: `${output}${String(error)}\n` }));
    child.once('close', (code) => resolve({ isGood: code === 0, output }));
  });
}

/**
 * @param {string} name
 * @param {string} program
 * @param {...string} args
 */
async function check(name, program, ...args) {
  process.stdout.write(`\n▸ ${name}\n`);
  return counted(name, (await run(program, args)).isGood);
}

/**
 * @param {string} name
 * @param {boolean} isGood
 */
function counted(name, isGood) {
  total[isGood ? 'passed' : 'failed'] += 1;
  if (!isGood) broken.push(name);
  return isGood;
}

/** @typedef {[name: string, program: string, ...args: string[]]} Check */

/**
 * Checks that only read, two at a time: most use one core. What each says is shown whole when it ends.
 * @param {Check[]} checks
 */
async function checksTogether(checks) {
  const waiting = [...checks];
  const next = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const [name, program, ...args] = one;
      const { isGood, output } = await run(program, args, { isQuiet: true });
      process.stdout.write(`\n▸ ${name}\n${output}`);
      counted(name, isGood);
    }
  };
  await Promise.all([next(), next()]);
}

/** @typedef {{ env?: Record<string, string>, isBeside?: boolean }} Manner `isBeside`: something else is shown meanwhile */

/**
 * A runner that fails without a failed test (a crash, a file that does not load) counts as one failure.
 * @param {string} name
 * @param {string} program
 * @param {string[]} args
 * @param {(report: any) => Counts} countsOf
 * @param {Manner} [manner]
 */
async function runner(name, program, args, countsOf, { env = {}, isBeside = false } = {}) {
  if (!isBeside) process.stdout.write(`\n▸ ${name}\n`);
  const { isGood, output } = await run(program, args, { env, isQuiet: isBeside });
  if (isBeside) process.stdout.write(`\n▸ ${name}\n${output}`);
  const counts = countsIn(name, countsOf);
  if (!isGood && counts.failed === 0) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  if (counts.failed > 0) broken.push(...(counts.failures?.length ? counts.failures : [name]));
}

/**
 * @param {string} name
 * @param {(report: any) => Counts} countsOf
 * @returns {Counts}
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

/**
 * @param {string[]} projects
 * @param {Manner} [manner]
 */
async function vitest(projects, manner) {
  const name = projects.join('+');
  await runner(
    name,
    'vitest',
    [
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath(name)}`,
    ],
    (report) => ({
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      failures: report.testResults.flatMap(failedTests),
    }),
    manner,
  );
}

/**
 * What vitest says of one file: each failed test, with the first line of its reason; or the file, where it did not load.
 * @param {any} file
 * @returns {string[]}
 */
function failedTests(file) {
  const where = relative(root, file.name);
  const failed = file.assertionResults.filter((/** @type {any} */ { status }) => status === 'failed');
  if (file.status === 'failed' && failed.length === 0) return [`${where}: ${firstLine(file.message)}`];
  return failed.map(
    (/** @type {any} */ test) => `${where} › ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`,
  );
}

/** @param {string | undefined} text */
const firstLine = (text) => text?.split('\n', 1)[0] ?? '';

/**
 * Playwright's suites lie in one another; a test that failed once and passed then is named too.
 * @param {any} suite
 * @returns {string[]}
 */
function failedSpecs(suite) {
  const own = (suite.specs ?? []).flatMap((/** @type {any} */ spec) =>
    spec.tests
      .filter((/** @type {any} */ { status }) => status === 'unexpected' || status === 'flaky')
      .map(
        (/** @type {any} */ { projectName }) => `[${projectName}] ${spec.file}:${spec.line} › ${spec.title}`,
      ),
  );
  return [...own, ...(suite.suites ?? []).flatMap(failedSpecs)];
}

async function playwright() {
  if (findProgram(['redis-server', 'valkey-server'], []) === null) {
    process.stdout.write(
      '\nNo redis-server here: what needs one is left out (Debian: apt-get install redis-server).\n',
    );
  }
  await runner(
    'e2e',
    'playwright',
    ['test', '--reporter=list,json'],
    ({ stats, suites }) => ({
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky,
      failures: suites.flatMap(failedSpecs),
    }),
    { env: { PLAYWRIGHT_JSON_OUTPUT_NAME: reportPath('e2e') } },
  );
}

/** Browsers behind routers of several kinds; where that cannot be, it says why in one line and counts nothing. */
async function networks() {
  const env = { LAB_REPORT: reportPath('nat') };
  await runner('nat', 'node', ['tests/nat/run.js', 'smoke'], (report) => report, { env });
}

async function everything() {
  if (!(await check('install', 'node', 'scripts/ready.mjs'))) return;
  if (!isQuick && !(await check('chromium', 'node', 'scripts/find-chromium.mjs'))) return;
  await check('sync', 'svelte-kit', 'sync');
  await checksTogether([
    ['lint', 'eslint', '--max-warnings', '0', '.'],
    ['types', 'svelte-check', '--tsconfig', './tsconfig.json', '--fail-on-warnings'],
    ['format', 'prettier', '--check', '.'],
    ['types of the server', 'tsc', '-p', 'src/server/tsconfig.json'],
    ['types of the service worker', 'tsc', '-p', 'src/service-worker/tsconfig.json'],
    ['imports', 'depcruise', 'src', '--config'],
    ['dead code', 'knip'],
    ['words', 'node', 'scripts/words.mjs', '--check'],
  ]);
  const isBuilt = await check('build', 'node', 'scripts/ready.mjs', '--build');
  if (isBuilt) await check('size', 'node', 'scripts/size.mjs');
  if (isQuick) return vitest(['node']);
  await vitest(['node', 'browser']);
  if (!isBuilt) return;
  // The journeys leave half the machine idle; what is built is built in folders of its own.
  await Promise.all([vitest(['build'], { isBeside: true }), playwright()]);
  await networks();
}

try {
  await everything();
} finally {
  rmSync(reports, { recursive: true, force: true });
}
if (broken.length > 0) process.stdout.write(`\nFailed:\n  ${broken.join('\n  ')}\n`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed === 0 ? 0 : 1);
