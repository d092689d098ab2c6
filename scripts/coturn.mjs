/**
 * A real coturn of one's own, with the settings that are deployed: for development (`npm run turn`) and for tests. It
 * gets a folder, a secret and ports of its own and ends with whoever started it, however that ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * Lines of the configuration by the option's name, in place of all that the template has of it: `true` is an option
 * without a value, `false` leaves it out, and a list is a line for each.
 * @typedef {Record<string, string | number | boolean | readonly string[]>} Options
 *
 * @typedef {object} CoturnSettings
 * @property {string} [listeningIp] where it listens (127.0.0.1)
 * @property {string} [relayIp] where relayed paths end (where it listens)
 * @property {number} [port] of UDP and TCP (any free one)
 * @property {{ port: number, certPath: string, keyPath: string }} [tls] TURN over TLS (none)
 * @property {string} [secret] (random)
 * @property {Options} [options]
 * @property {readonly string[]} [denied] peers that nobody reaches, beside those of the template
 * @property {readonly string[]} [command] what runs it, such as `ip netns exec NAME`
 *
 * @typedef {object} Coturn
 * @property {string} ip
 * @property {number} port
 * @property {string} secret
 * @property {string[]} stunUrls
 * @property {string[]} turnUrls
 * @property {{ STUN_URLS: string, TURN_URLS: string, TURN_SECRET: string }} env settings for Parley's server
 * @property {() => string} log everything that it wrote
 * @property {Promise<void>} ended
 * @property {() => Promise<void>} stop
 */

const TEMPLATE = fileURLToPath(new URL('../deploy/coturn/turnserver.conf', import.meta.url));
/** Debian's package puts it there, a build of one's own elsewhere. */
const PROGRAM = 'turnserver';
export const MISSING =
  'turnserver is not installed. Debian and Ubuntu: apt-get install coturn. macOS: brew install coturn.';

const READY_WITHIN_MS = 15_000;
/** A lost answer costs no more than that. */
const ASK_EVERY_MS = 50;

/**
 * Asks over UDP until a Binding success comes (RFC 8489 section 6), then connects over TCP. A program of its own,
 * because coturn may listen in a network namespace that we are not in; and asked, because coturn does not say when it is ready.
 */
const PROBE = `
const { createSocket } = require('node:dgram');
const { connect } = require('node:net');
const [ip, port] = process.argv.slice(1);
const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
const ask = () => socket.send(Buffer.from('000100002112a442' + '00'.repeat(12), 'hex'), Number(port), ip);
socket.on('error', () => undefined).once('message', () => {
  const call = () => connect(Number(port), ip).once('connect', () => process.exit(0)).once('error', again);
  const again = () => setTimeout(call, ${ASK_EVERY_MS});
  call();
});
setInterval(ask, ${ASK_EVERY_MS});
ask();
`;

/**
 * Runs coturn and, beside it, waits for the end of our standard input, which comes even when we are killed. Then it
 * ends coturn and removes its folder, the first argument.
 */
const KEEPER = `
folder=$1
shift
trap : INT TERM HUP PIPE
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ cat <&3; kill -KILL $child; } >/dev/null 2>&1 &
keeper=$!
wait $child
kill -KILL $child $keeper 2>/dev/null
rm -rf "$folder"
`;

export function hasCoturn() {
  return spawnSync(PROGRAM, ['-h'], { stdio: 'ignore' }).error === undefined;
}

/**
 * Resolves when it listens. Throws a sentence with the end of its log where it does not come up.
 * @param {CoturnSettings} [settings]
 * @returns {Promise<Coturn>}
 */
export async function startCoturn(settings = {}) {
  if (!hasCoturn()) throw new Error(MISSING);
  const ip = settings.listeningIp ?? '127.0.0.1';
  const relayIp = settings.relayIp ?? ip;
  // Coturn shares a port in use without a word, so a port is chosen that nobody has.
  const port = settings.port ?? (await freePort(ip));
  const tls = settings.tls ?? null;
  const secret = settings.secret ?? randomBytes(32).toString('hex');
  const folder = mkdtempSync(join(tmpdir(), 'parley-coturn-'));
  const path = join(folder, 'turnserver.conf');
  const denied = (settings.denied ?? []).map((peer) => `denied-peer-ip=${peer}\n`).join('');
  const text = configuration(readFileSync(TEMPLATE, 'utf8') + denied, {
    'listening-ip': ip,
    'relay-ip': relayIp,
    'listening-port': port,
    'static-auth-secret': secret,
    realm: 'parley.test',
    'no-tls': tls === null,
    'tls-listening-port': tls?.port ?? false,
    cert: tls?.certPath ?? false,
    pkey: tls?.keyPath ?? false,
    // Nothing of another coturn on the same machine.
    userdb: join(folder, 'turndb'),
    pidfile: join(folder, 'pid'),
    ...settings.options,
  });
  // The secret stands in a file that only we can read, not in the arguments that everybody sees.
  writeFileSync(path, text, { mode: 0o600 });

  const command = settings.command ?? [];
  const child = spawn('sh', ['-c', KEEPER, 'sh', folder, ...command, PROGRAM, '-c', path], { stdio: 'pipe' });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (/** @type {Buffer} */ chunk) => (log += chunk.toString()));
  }
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('close', () => resolve()));
  const stop = () => {
    child.stdin.end();
    return ended;
  };
  if (!(await isListening(ip, port, command, ended))) {
    await stop();
    throw new Error(`coturn does not come up:\n${log.split('\n').slice(-20).join('\n')}`);
  }
  const host = isIPv6(ip) ? `[${ip}]` : ip;
  const stunUrls = [`stun:${host}:${port}`];
  const turnUrls = [`turn:${host}:${port}?transport=udp`, `turn:${host}:${port}?transport=tcp`];
  if (tls !== null) turnUrls.push(`turns:${host}:${tls.port}?transport=tcp`);
  const env = { STUN_URLS: stunUrls.join(), TURN_URLS: turnUrls.join(), TURN_SECRET: secret };
  return { ip, port, secret, stunUrls, turnUrls, env, log: () => log, ended, stop };
}

/**
 * @param {string} ip
 * @param {number} port
 * @param {readonly string[]} command
 * @param {Promise<void>} ended
 * @returns {Promise<boolean>} false when it ended or takes too long
 */
function isListening(ip, port, command, ended) {
  const [program = '', ...args] = [...command, process.execPath, '-e', PROBE, ip, String(port)];
  const probe = spawn(program, args, { stdio: 'ignore', timeout: READY_WITHIN_MS });
  void ended.then(() => probe.kill());
  return new Promise((resolve, reject) => {
    probe.once('exit', (code) => resolve(code === 0)).once('error', reject);
  });
}

/**
 * @param {string} template
 * @param {Options} options
 * @returns {string}
 */
function configuration(template, options) {
  const kept = template.split('\n').filter((line) => !((line.split('=', 1)[0] ?? '').trim() in options));
  const added = Object.entries(options).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return value ? [name] : [];
    return (Array.isArray(value) ? value : [value]).map((one) => `${name}=${one}`);
  });
  return [...kept, ...added, ''].join('\n');
}

/**
 * A port that neither UDP nor TCP uses at this moment.
 * @param {string} ip
 * @returns {Promise<number>}
 */
async function freePort(ip) {
  const tcp = createServer();
  await new Promise((resolve, reject) => tcp.once('error', reject).listen(0, ip, () => resolve(null)));
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => tcp.close(resolve));
  return (await isFree(ip, port)) ? port : freePort(ip);
}

/**
 * @param {string} ip
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isFree(ip, port) {
  const [tcp, udp] = [createServer(), createSocket(isIPv6(ip) ? 'udp6' : 'udp4')];
  const [hasTcp, hasUdp] = await Promise.all([
    new Promise((resolve) => tcp.once('error', () => resolve(false)).listen(port, ip, () => resolve(true))),
    new Promise((resolve) => udp.once('error', () => resolve(false)).bind(port, ip, () => resolve(true))),
  ]);
  if (hasTcp) await new Promise((resolve) => tcp.close(resolve));
  await new Promise((resolve) => udp.close(() => resolve(null)));
  return hasTcp && hasUdp;
}
