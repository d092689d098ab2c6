/** Whether nginx and Caddy take their files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { findProgram } from '../find-chromium.mjs';
import { DEPLOY, deployed, placeCaddy, placeNginx, selfSigned } from './place.mjs';
import { must } from './report.mjs';

/** Debian has it where only root looks for programs. */
export const NGINX = findProgram(['nginx'], ['/usr/sbin/nginx']);
export const CADDY = findProgram(['caddy'], []);
export const MISSING = {
  nginx: 'there is no nginx on this machine (Debian: apt-get install nginx)',
  caddy: 'there is no caddy on this machine (Debian: apt-get install caddy)',
};

/** Nothing listens on them: the files are only read. */
const PORTS = { httpPort: 50_080, httpsPort: 50_443 };

/** @param {import('./report.mjs').Report} report */
export async function checkProxies(report) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-deploy-'));
  try {
    const certificate = selfSigned(folder);
    const place = { folder, certificate, ...PORTS };
    await checkNginx(report, place);
    await checkCaddy(report, place);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {import('./report.mjs').Report} report
 * @param {Omit<import('./place.mjs').Place, 'appPorts'>} place
 */
async function checkNginx(report, place) {
  for (const [name, appPorts] of /** @type {const} */ ([
    ['nginx.conf with one process', [50_001]],
    ['nginx.conf with two processes', [50_001, 50_002]],
  ])) {
    if (NGINX === null) report.leaveOut(name, MISSING.nginx);
    else {
      const nginx = NGINX;
      await report.check(name, () => {
        const said = run(nginx, ['-t', '-c', placeNginx({ ...place, appPorts })]);
        must(!/\[(warn|emerg|error)\]/.test(said), said);
      });
    }
  }
  await report.check('nginx.conf writes no addresses', () => {
    const site = deployed('nginx.conf');
    const servers = site.split(/^server \{/m).slice(1);
    must(
      servers.every((server) => /^\s+access_log off;/m.test(server)),
      'a server has no "access_log off;"',
    );
    must(/error_log \S+ crit;/.test(site), 'errors below "crit" name clients');
  });
}

/**
 * @param {import('./report.mjs').Report} report
 * @param {Omit<import('./place.mjs').Place, 'appPorts'>} place
 */
async function checkCaddy(report, place) {
  if (CADDY === null) return report.leaveOut('Caddyfile', MISSING.caddy);
  const caddy = CADDY;
  await report.check('Caddyfile', () => {
    const file = ['--adapter', 'caddyfile', '--config'];
    run(caddy, ['validate', ...file, join(DEPLOY, 'Caddyfile')], { PARLEY_HOST: 'meet.example' });
    run(caddy, ['validate', ...file, placeCaddy({ ...place, appPorts: [50_001, 50_002] })]);
  });
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 * @returns {string} what it wrote
 */
function run(program, args, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 20_000,
  });
  if (error !== undefined) throw error;
  const said = `${stdout}${stderr}`;
  must(status === 0, said.trim().split('\n').slice(-5).join(' '));
  return said;
}
