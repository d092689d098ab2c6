/**
 * A relay for development: the deployed coturn configuration, on this machine, with a secret that ends with it.
 *
 *   npm run turn                          says which settings make a server use it
 *   npm run turn -- npm start             starts the server with these settings, and ends with it
 *   npm run turn -- --ip 192.0.2.7 …      listens at another address of this machine, for browsers on others
 *
 * Two relayed browsers meet at the relay's own address, so that one is allowed; everything else stays as it is deployed.
 */
import { spawn } from 'node:child_process';
import { isIP } from 'node:net';
import process from 'node:process';
import { hasCoturn, isFree, MISSING, startCoturn } from './coturn.mjs';

const USUAL_PORT = 3478;

/** @param {string[]} args */
async function turn(args) {
  const isAddressed = args[0] === '--ip';
  const ip = isAddressed ? (args[1] ?? '') : '127.0.0.1';
  const [program, ...rest] = isAddressed ? args.slice(2) : args;
  if (isIP(ip) === 0) throw new Error('After --ip comes an address of this machine.');
  if (!hasCoturn()) throw new Error(MISSING);

  const coturn = await startCoturn({
    listeningIp: ip,
    ...((await isFree(ip, USUAL_PORT)) && { port: USUAL_PORT }),
    options: { 'allow-loopback-peers': isLoopback(ip), 'allowed-peer-ip': ip },
  });
  const child = program === undefined ? null : start(program, rest, coturn.env);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => (child === null ? coturn.stop() : child.kill(signal)));
  }
  if (child === null) {
    const settings = Object.entries(coturn.env).map(([name, value]) => `${name}='${value}'`);
    process.stdout.write(
      `coturn is ready. Start the server with:\n\n${settings.join(' ')} npm start\n\nCtrl+C ends it.\n`,
    );
    await coturn.ended;
    return;
  }
  try {
    process.exitCode = await new Promise((resolve, reject) => {
      child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    await coturn.stop();
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} env
 */
function start(program, args, env) {
  return spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
}

/** @param {string} ip */
const isLoopback = (ip) => ip.startsWith('127.') || ip === '::1';

try {
  await turn(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
