import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, sep } from 'node:path';

/** What a browser is told about every answer (SERVER, headers). */

/** Capabilities no page of ours asks for; the rest of the platform's list stays at its default, this origin only. */
const UNUSED = [
  'accelerometer',
  'browsing-topics',
  'encrypted-media',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'midi',
  'otp-credentials',
  'payment',
  'serial',
  'sync-xhr',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];
const USED = ['camera', 'microphone', 'display-capture'];

const PERMISSIONS = [...USED.map((name) => `${name}=(self)`), ...UNUSED.map((name) => `${name}=()`)].join(
  ', ',
);

/** `frame-ancestors` counts only in a header, never in a page's own meta tag. */
const NO_FRAMES = `frame-ancestors 'none'`;
const NOTHING = `default-src 'none'; base-uri 'none'; form-action 'none'; ${NO_FRAMES}`;
/** A worker is governed by the policy of its own file, not of the page that starts it. */
const SCRIPT = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; ${NO_FRAMES}; require-trusted-types-for 'script'`;

/** A year, the most that caches take: the file's name is its content's hash. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
const REVALIDATE = 'no-cache';

type Headers = Readonly<Record<string, string>>;
/** By the path of a request line, query or not. */
export type HeaderRules = (url: string) => Headers;

export function setHeaders(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/**
 * Headers by path, for the built client in `folder`. A page gets exactly the policy of its own meta tag, which knows
 * the hashes of its inline scripts. They are set before a file is looked for: a 304 must repeat them, because a
 * browser updates its stored copy from it.
 */
export function createHeaderRules(folder: string, isBehindTls: boolean): HeaderRules {
  const pages = readPagePolicies(folder);
  const common: Record<string, string> = {
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Permissions-Policy': PERMISSIONS,
    ...(isBehindTls && { 'Strict-Transport-Security': 'max-age=63072000' }),
  };
  return (url) => {
    const path = withoutSlash(decodedPath(url));
    const page = pages.get(path);
    return {
      ...common,
      'Content-Security-Policy': page ?? (path.endsWith('.js') ? SCRIPT : NOTHING),
      'Cache-Control': path.startsWith('/_app/immutable/') ? IMMUTABLE : REVALIDATE,
      ...(path === '/m' || path === '/m.html' ? { 'X-Robots-Tag': 'noindex' } : {}),
    };
  };
}

/** As sirv reads it, so that headers and file are chosen by one and the same name. */
function decodedPath(url: string): string {
  const path = url.split('?', 1)[0] ?? '/';
  try {
    return decodeURI(path);
  } catch (cause) {
    if (cause instanceof URIError) return path;
    throw cause;
  }
}

const withoutSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;

/** Every name a page is served under -> its policy. */
function readPagePolicies(folder: string): ReadonlyMap<string, string> {
  const policies = new Map<string, string>();
  for (const file of listPages(folder)) {
    const policy = `${metaPolicy(readFileSync(join(folder, file), 'utf8')) ?? NOTHING}; ${NO_FRAMES}`;
    const path = `/${file.split(sep).join('/')}`;
    const clean = path.slice(0, -'.html'.length);
    policies.set(path, policy);
    policies.set(clean, policy);
    if (clean.endsWith('/index')) policies.set(withoutSlash(clean.slice(0, -'index'.length)), policy);
  }
  return policies;
}

function listPages(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.html'));
}

/** The policy Kit wrote into the page, or `null`. */
function metaPolicy(html: string): string | null {
  const tag = /<meta http-equiv="content-security-policy" content="([^"]*)"/i.exec(html);
  return tag?.[1]?.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&') ?? null;
}
