/**
 * The files of deploy/ for another place than they are written for: paths, ports and names of this machine in them, and
 * every other byte as it is deployed. What was to be replaced and is not there is an error, so that nothing is tried
 * that nobody deploys.
 */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const DEPLOY = join(ROOT, 'deploy');

/** @param {string} name a path in deploy/ */
export const deployed = (name) => readFileSync(join(DEPLOY, name), 'utf8');

/**
 * @param {string} text
 * @param {readonly (readonly [string, string])[]} changes
 * @returns {string}
 */
export function replaced(text, changes) {
  let result = text;
  for (const [from, to] of changes) {
    if (!result.includes(from)) throw new Error(`there is no "${from}" to replace`);
    result = result.replaceAll(from, to);
  }
  return result;
}

/**
 * @typedef {{ certificate: string, key: string, spkiHash: string, pem: string }} Certificate paths, and what Chromium
 * calls a key by (--ignore-certificate-errors-spki-list)
 */

/**
 * A certificate that nobody signed, for this machine alone.
 * @param {string} folder
 * @returns {Certificate}
 */
export function selfSigned(folder) {
  const [certificate, key] = [join(folder, 'fullchain.pem'), join(folder, 'privkey.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', certificate], {
    stdio: 'pipe',
  });
  const pem = readFileSync(certificate, 'utf8');
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return { certificate, key, pem, spkiHash: createHash('sha256').update(spki).digest('base64') };
}

/**
 * @typedef {object} Place
 * @property {string} folder empty, and this configuration's own
 * @property {number} httpPort
 * @property {number} httpsPort
 * @property {readonly number[]} appPorts one process or two
 * @property {Certificate} certificate
 */

/**
 * nginx.conf as a whole configuration, since it is written to be a part of one.
 * @param {Place} place
 * @returns {string} the path of the configuration
 */
export function placeNginx({ folder, httpPort, httpsPort, appPorts, certificate }) {
  const [first, second] = appPorts;
  const site = replaced(deployed('nginx.conf'), [
    ['  listen 80;', `  listen 127.0.0.1:${httpPort};`],
    ['  listen [::]:80;\n', ''],
    ['  listen 443 ssl http2;', `  listen 127.0.0.1:${httpsPort} ssl http2;`],
    ['  listen [::]:443 ssl http2;\n', ''],
    ['https://meet.example', `https://localhost:${httpsPort}`],
    ['server_name meet.example;', 'server_name localhost;'],
    ['/etc/letsencrypt/live/meet.example/fullchain.pem', certificate.certificate],
    ['/etc/letsencrypt/live/meet.example/privkey.pem', certificate.key],
    ['/var/log/nginx/parley-error.log', join(folder, 'parley-error.log')],
    ['/var/www/html', folder],
    ['  server 127.0.0.1:4000 max_fails=0;', `  server 127.0.0.1:${first} max_fails=0;`],
    ...(second === undefined
      ? []
      : [/** @type {const} */ (['  #server 127.0.0.1:4001 ', `  server 127.0.0.1:${second} `])]),
  ]);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${mkdir(folder, name)};`,
  );
  const path = join(folder, 'nginx.conf');
  writeFileSync(
    path,
    [
      // Its workers would otherwise be somebody who may not read the folder.
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      // Two, so that they must agree on which process has how many connections.
      'worker_processes 2;',
      'daemon off;',
      `pid ${join(folder, 'nginx.pid')};`,
      `error_log ${join(folder, 'error.log')} warn;`,
      'events { worker_connections 4096; }',
      'http {',
      ...temporary,
      site,
      '}',
      '',
    ].join('\n'),
  );
  return path;
}

/**
 * @param {Place} place
 * @returns {string}
 */
export function placeCaddy({ folder, httpPort, httpsPort, appPorts, certificate }) {
  const [first, second] = appPorts;
  const path = join(folder, 'Caddyfile');
  const site = replaced(deployed('Caddyfile'), [
    [
      '\tadmin off\n',
      `\tadmin off\n\thttp_port ${httpPort}\n\thttps_port ${httpsPort}\n\tdefault_bind 127.0.0.1\n`,
    ],
    ['{$PARLEY_HOST} {\n', `localhost {\n\ttls ${certificate.certificate} ${certificate.key}\n`],
    ['app-1:4000', `127.0.0.1:${first}`],
    ['app-2:4000', `127.0.0.1:${second}`],
  ]);
  writeFileSync(path, site);
  return path;
}

/**
 * @param {string} folder
 * @param {string} name
 */
function mkdir(folder, name) {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
