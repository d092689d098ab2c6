/**
 * Compares a running site with the build made here from the source: every file, under every address and in every
 * encoding that browsers ask for, the list, its signature, and the pages' content security policy.
 *
 *   npm run verify-deploy -- https://meet.example
 *   … --client FOLDER      compares with another folder than build/client
 *
 * Exits with 0 if all is the same, with 1 and a line for each difference if not, with 2 if it could not compare.
 * What a site sends to this program it need not send to everybody: docs/verifying.md.
 */
import { verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nameOfKey, publicKeyOf } from './release-key.mjs';
import { inGroups, LIST, readList, sha256Hex, SIGNATURES } from './release.mjs';

const CLIENT = fileURLToPath(new URL('../build/client', import.meta.url));
const USAGE = 'Use: npm run verify-deploy -- https://meet.example';
const ENCODINGS = ['identity', 'gzip', 'br'];
/** As many at a time as a browser has open. */
const PARALLEL = 6;
/** Long enough for a slow line, short enough to be waited for. */
const TIMEOUT_MS = 30_000;

/** @typedef {{ path: string, encoding: string, file: string, status: number }} Request */

/**
 * @param {string} origin
 * @param {string} path
 * @param {string} [encoding]
 */
async function ask(origin, path, encoding = 'identity') {
  const headers = { 'accept-encoding': encoding, 'cache-control': 'no-cache' };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(origin + path, { headers, redirect: 'manual', signal });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

/**
 * A page is served under its name and under the address that people see.
 * @param {string} file
 */
function addressesOf(file) {
  const address = file.replace(/(?:^|(?<=\/))index\.html$|\.html$/, '');
  return file.endsWith('.html') && file !== '404.html' ? [`/${file}`, `/${address}`] : [`/${file}`];
}

/**
 * Everything to ask for: each listed file, and the page for what does not exist.
 * @param {Record<string, string>} files
 * @returns {Request[]}
 */
function requestsFor(files) {
  const paths = Object.keys(files).flatMap((file) =>
    addressesOf(file).map((path) => ({ path, file, status: 200 })),
  );
  const nowhere = { path: '/verify-deploy-asks-for-nothing', file: '404.html', status: 404 };
  return ENCODINGS.map((encoding) => [...paths, nowhere].map((one) => ({ ...one, encoding }))).flat();
}

/**
 * The policy of a page's own meta tag, which the server must repeat in a header, where it also keeps frames out.
 * @param {Buffer} page
 */
function policyOf(page) {
  const tag = /<meta http-equiv="content-security-policy" content="([^"]*)"/i.exec(page.toString('utf8'));
  return tag?.[1]?.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&') ?? '';
}

/**
 * @param {string} origin
 * @param {Request} request
 * @param {string} sum SHA-256 of the file here
 * @param {string} client
 * @returns {Promise<string[]>} what is different
 */
async function compareFile(origin, { path, encoding, file, status }, sum, client) {
  const answer = await ask(origin, path, encoding);
  if (answer.status !== status) return [`missing   ${path} (${encoding}): status ${answer.status}`];
  if (sha256Hex(answer.body) !== sum) return [`other     ${path} (${encoding})`];
  if (encoding !== 'identity' || !file.endsWith('.html')) return [];
  const policy = answer.headers.get('content-security-policy') ?? '';
  const isKept = policy === `${policyOf(readFileSync(join(client, file)))}; frame-ancestors 'none'`;
  return isKept ? [] : [`header    ${path}: its Content-Security-Policy is missing or another one`];
}

/**
 * @param {Buffer} list as the site sends it
 * @param {import('./release.mjs').Release} release here
 */
function compareLists(list, release) {
  /** @type {Partial<import('./release.mjs').Release>} */
  const theirs = parse(list) ?? {};
  const files = theirs.files ?? {};
  const differences = [`other     /${LIST}: its fingerprint is ${inGroups(sha256Hex(list))}`];
  for (const field of /** @type {const} */ (['v', 'version', 'key', 'changes'])) {
    const [there, here] = [theirs[field], release[field]].map((value) => JSON.stringify(value));
    if (there !== here) differences.push(`other     ${field}: ${there ?? 'nothing'} there, ${here} here`);
  }
  const extra = Object.keys(files).filter((file) => !(file in release.files));
  differences.push(...extra.map((file) => `extra     /${file}: listed there, not made here`));
  const absent = Object.keys(release.files).filter((file) => !(file in files));
  differences.push(...absent.map((file) => `unlisted  /${file}: made here, not listed there`));
  return differences;
}

/** @param {Buffer} list */
function parse(list) {
  try {
    return JSON.parse(list.toString('utf8'));
  } catch {
    // Not even JSON: then nothing of it is like ours, and that is what is said.
    return null;
  }
}

/**
 * @param {string} origin
 * @param {Buffer} list
 * @param {string} key
 * @returns {Promise<string[]>}
 */
async function compareSignature(origin, list, key) {
  if (key === '') return [];
  const { status, body } = await ask(origin, `/${SIGNATURES}`);
  const lines = status === 200 ? body.toString('utf8').trim().split('\n') : [];
  const isSigned = lines.some((line) =>
    verify(
      'sha256',
      list,
      { key: publicKeyOf(key), dsaEncoding: 'ieee-p1363' },
      Buffer.from(line, 'base64url'),
    ),
  );
  return isSigned ? [] : [`unsigned  /${SIGNATURES}: no signature by the key ${nameOfKey(key)}`];
}

/**
 * @param {string} origin
 * @param {string} client
 * @returns {Promise<number>} the exit code
 */
async function compare(origin, client) {
  const { list, release } = readList(client);
  console.log(`Here:  version ${release.version}, fingerprint ${inGroups(sha256Hex(list))}`);
  const listed = await ask(origin, `/${LIST}`);
  const differences =
    listed.status !== 200
      ? [`missing   /${LIST}: status ${listed.status}`]
      : listed.body.equals(list)
        ? await compareSignature(origin, list, release.key)
        : compareLists(listed.body, release);
  const requests = requestsFor(release.files);
  const queue = requests.values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const request of queue) {
        differences.push(...(await compareFile(origin, request, release.files[request.file] ?? '', client)));
      }
    }),
  );
  for (const difference of differences.sort()) console.log(difference);
  const count = Object.keys(release.files).length;
  if (differences.length > 0) {
    console.log(`${differences.length} differences: ${origin} does not send what this source makes.`);
    return 1;
  }
  const signed = release.key === '' ? 'not signed' : `signed by the key ${nameOfKey(release.key)}`;
  console.log(`${origin} sends the same: ${count} files in ${ENCODINGS.length} encodings, ${signed}.`);
  return 0;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { client: { type: 'string', default: CLIENT } },
  });
  const [site, ...more] = positionals;
  if (site === undefined || more.length > 0 || !URL.canParse(site)) throw new Error(USAGE);
  process.exitCode = await compare(new URL(site).origin, values.client);
} catch (error) {
  // What fetch throws says "fetch failed"; its cause says why.
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`);
  process.exitCode = 2;
}
