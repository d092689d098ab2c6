/** Whether coturn starts by the command of compose.yaml, and knows the secret that it was handed. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { hasCoturn, MISSING } from '../coturn.mjs';
import { compose } from './compose.mjs';
import { deployed, replaced } from './place.mjs';
import { must } from './report.mjs';
import { freePort } from './store.mjs';

const NAME = 'compose.yaml: the command of the relay';
const SECRET = 'a-secret-of-this-check';
const READY_WITHIN_MS = 15_000;

/** @param {import('./report.mjs').Report} report */
export async function checkRelay(report) {
  if (!hasCoturn()) return report.leaveOut(NAME, MISSING);
  await report.check(NAME, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-relay-'));
    const port = await freePort();
    const child = start(folder, port);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (/** @type {Buffer} */ chunk) => (said += chunk.toString()));
    }
    try {
      // It does not say when it listens.
      const deadline = Date.now() + READY_WITHIN_MS;
      for (let last = ''; !last.includes('Total lost packets 0 '); last = await talk(port)) {
        must(child.exitCode === null, `it ended: ${said.slice(-300)}`);
        must(Date.now() < deadline, `nothing passes: ${last.slice(-300)}`);
      }
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/**
 * @param {string} folder in place of the paths in the container
 * @param {number} port
 */
function start(folder, port) {
  const { entrypoint, command, environment } = compose().services.coturn;
  const template = join(folder, 'template.conf');
  // Two paths of one machine meet here, which no deployed relay allows.
  const here = [
    'listening-ip=127.0.0.1',
    `listening-port=${port}`,
    'allow-loopback-peers',
    'allowed-peer-ip=127.0.0.1',
  ];
  writeFileSync(template, [deployed('coturn/turnserver.conf'), ...here, ''].join('\n'));
  mkdirSync(join(folder, 'tmp'));
  const script = replaced(command[0].replaceAll('$$', '$'), [
    ['/etc/parley/turnserver.conf', template],
    ['/tmp/turndb', join(folder, 'tmp', 'turndb')],
    ['/tmp/turnserver.', join(folder, 'tmp', 'turnserver.')],
  ]);
  const [program = '', ...args] = entrypoint;
  must(
    Object.keys(environment).join() === 'REALM,TURN_SECRET,EXTERNAL_IP',
    'its environment has other names',
  );
  return spawn(program, [...args, script], {
    env: { ...process.env, REALM: 'meet.example', TURN_SECRET: SECRET, EXTERNAL_IP: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/**
 * Its own client asks for two relayed paths and sends from one to the other.
 * @param {number} port
 * @returns {Promise<string>} what came of it
 */
async function talk(port) {
  const way = ['-y', '-c', '-u', 'check', '-W', SECRET, '-p', String(port), '-e', '127.0.0.1', '-n', '1'];
  const child = spawn('turnutils_uclient', [...way, '127.0.0.1'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (/** @type {Buffer} */ chunk) => (said += chunk.toString()));
  }
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  return said;
}
