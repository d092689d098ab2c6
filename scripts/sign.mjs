/**
 * Signs the list of the built release. The key belongs to whoever publishes, and never on a server.
 *
 *   npm run sign -- --new-key FILE               makes a key pair; the private key goes to FILE, the public one is printed
 *   npm run sign -- --key FILE [--key FILE …]    writes build/client/release.sig, one line for each key
 *   … --client FOLDER                            signs the list in another folder than build/client
 *
 * ECDSA P-256 with SHA-256 over the bytes of release.json; a line is r | s (IEEE P1363, 64 bytes) in base64url. Two
 * keys are for the one release by which people pass from an old key to a new one. Exits with 2 if it could not.
 */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nameOfKey, textOf } from './release-key.mjs';
import { inGroups, readList, sha256Hex, SIGNATURES } from './release.mjs';

const CLIENT = fileURLToPath(new URL('../build/client', import.meta.url));
const USAGE = 'Use: npm run sign -- --key FILE, or npm run sign -- --new-key FILE';

/** @param {string} path */
function makeKey(path) {
  // Never written over: without it nobody who has the app could be sent a newer version.
  if (existsSync(path)) throw new Error(`${path} is there already, and stays as it is.`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  const text = textOf(privateKey);
  console.log(`The private key is in ${path}. Keep it off every server, and keep a copy.`);
  console.log(`Its name is ${nameOfKey(text)}.`);
  console.log('Builds trust it with this line in release-key.pub, or as RELEASE_KEY:\n');
  console.log(text);
}

/**
 * @param {string} client
 * @param {string[]} paths of private keys
 */
function signList(client, paths) {
  const { list, release } = readList(client);
  const { key: pinned, version } = release;
  const keys = paths.map((file) => createPrivateKey(readFileSync(file)));
  const texts = keys.map(textOf);
  if (pinned !== '' && !texts.includes(pinned)) {
    // Installed, that build could confirm neither itself nor what comes after it.
    throw new Error(`This build trusts the key ${nameOfKey(pinned)}, and that is none of those given.`);
  }
  const lines = keys.map((key) =>
    sign('sha256', list, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  );
  writeFileSync(join(client, SIGNATURES), `${lines.join('\n')}\n`);
  console.log(`Version ${version}, fingerprint ${inGroups(sha256Hex(list))}`);
  for (const text of texts) console.log(`Signed by the key ${nameOfKey(text)}`);
  if (pinned === '') console.log('This build trusts no key, so the app will not look at the signature.');
}

try {
  const { values } = parseArgs({
    options: {
      key: { type: 'string', multiple: true },
      'new-key': { type: 'string' },
      client: { type: 'string', default: CLIENT },
    },
  });
  if (values['new-key'] !== undefined) makeKey(values['new-key']);
  else if (values.key !== undefined) signList(values.client, values.key);
  else throw new Error(USAGE);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
