import { createSecretKey } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { MAX_ICE_URL_LENGTH, MAX_ICE_URLS, STUN_URL, TURN_URL } from '../lib/protocol/signaling';
import { DEFAULT_LIMITS, type Limits } from './limits';
import { isServiceRule, KNOWN_SERVICES } from './push-services';
import type { IceServers } from './turn';

/**
 * The operator's settings, from the environment:
 *
 *   HOST              address to listen on (127.0.0.1)
 *   PORT              port to listen on, 0 for any free one (4000)
 *   ORIGIN            the origin people see, where a proxy stands in front (the address listened on)
 *   DATA_DIR          folder of the registry and of the key for pushes (./data)
 *   REDIS_URL         Redis or Valkey in place of that folder, for any number of processes: redis:// or rediss:// (none)
 *   TRUST_PROXY_HOPS  proxies in front whose X-Forwarded-For is believed (0)
 *   LOG_MODE          normal | off | debug (normal)
 *   LOG_FILE          file ending in .log that lines go to, rotated (standard output)
 *   METRICS_PORT      port of Prometheus metrics, 0 for any free one (off)
 *   METRICS_HOST      address that they are at (127.0.0.1)
 *   STUN_URLS         STUN servers, separated by commas, such as stun:turn.example (none)
 *   TURN_URLS         TURN servers, separated by commas, such as turns:turn.example:443?transport=tcp (none)
 *   TURN_SECRET       what this server shares with them to make credentials; needed with TURN_URLS
 *   TURN_TTL_S        life of such credentials in seconds, 60 to 86400 (3600)
 *   PUSH_SERVICES     push services that people may be told through, instead of the known ones: hosts such as
 *                     push.example or *.push.example, separated by commas; off for none
 *   PUSH_CONTACT      where a push service can reach the operator: mailto:… or https://… (ORIGIN, if it is https)
 *   LIMIT_*           any entry of limits.ts, such as LIMIT_OPEN_PER_ADDRESS
 */
export type Settings = {
  host: string;
  port: number;
  origin: string | null;
  dataDir: string;
  redisUrl: string | null;
  trustProxyHops: number;
  logMode: LogMode;
  /** `null`: standard output. */
  logFile: string | null;
  /** `null`: nothing is counted. */
  metrics: { host: string; port: number } | null;
  ice: IceServers;
  /** `null`: nobody is told of anything with the app closed. */
  push: { services: readonly string[]; contact: string } | null;
  limits: Limits;
};

export const LOG_MODES = ['normal', 'off', 'debug'] as const;
export type LogMode = (typeof LOG_MODES)[number];

/**
 * The contact of who does not say one and has no https ORIGIN. Only browsers on this machine can subscribe then, and
 * there is nobody to name; but Apple refuses pushes without a contact (RFC 8292 section 2.1), or with localhost as one.
 * This name exists and is nobody's (RFC 2606 section 3).
 */
const NO_CONTACT = 'https://example.org';
/** A mail address or a page, at a name that is not of this machine or network alone. */
const CONTACT =
  /^(?:mailto:[^\s@]+@|https:\/\/)(?:[a-z0-9-]+\.)+[a-z0-9-]+(?<!\.local|\.localhost)(?::\d+)?(?:\/\S*)?$/i;

/** A name from which the dated names beside it are made (log-file.ts), in a folder of any name. */
const LOG_FILE = /^(?:[^<>"|?*:]*\/)?[\w-]+\.log$/;

type Environment = Readonly<Record<string, string | undefined>>;
type Outcome = { ok: true; settings: Settings } | { ok: false; problem: string };

/** More proxies than that in a row is a typing error. */
const MAX_PROXY_HOPS = 10;
const MAX_LIMIT = 2 ** 31 - 1;
/** A minute covers a slow connection and clocks that are a little apart; after a day a stolen one is worth nothing. */
const TTL_BOUNDS_S = { min: 60, usual: 3_600, max: 86_400 };
/** What coturn reads back unchanged from a line of its configuration. */
const TURN_SECRET = /^[\x21-\x7e]{16,256}$/;

/** A bad value is one sentence that names the setting, never a guess or a default. */
export function readSettings(environment: Environment): Outcome {
  const problems: string[] = [];
  /** An empty value counts as unset: `PORT= npm start` is how shells and compose files say "none". */
  const read = (name: string): string | null => environment[name]?.trim() || null;

  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = read(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}, not "${text}".`);
    return fallback;
  };

  const address = (name: string): string => {
    const host = read(name) ?? '127.0.0.1';
    if (isIP(host) === 0 && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(host)) {
      problems.push(`${name} must be an IP address or a host name, not "${host}".`);
    }
    return host;
  };

  const host = address('HOST');

  const origin = read('ORIGIN');
  if (origin !== null && !isOrigin(origin)) {
    problems.push(`ORIGIN must be a scheme and a host such as https://meet.example, not "${origin}".`);
  }

  const redisUrl = read('REDIS_URL');
  // It may hold a password, so no sentence repeats it.
  if (redisUrl !== null && !isRedisUrl(redisUrl)) {
    problems.push('REDIS_URL must be an address such as redis://:password@redis.example:6379.');
  }

  const logMode = LOG_MODES.find((mode) => mode === (read('LOG_MODE') ?? 'normal'));
  if (logMode === undefined) {
    problems.push(`LOG_MODE must be one of ${LOG_MODES.join(', ')}, not "${read('LOG_MODE')}".`);
  }
  const logFile = read('LOG_FILE');
  if (logFile !== null && !LOG_FILE.test(logFile)) {
    problems.push(`LOG_FILE must be a path such as /var/log/parley/parley.log, not "${logFile}".`);
  }

  const metricsHost = address('METRICS_HOST');
  const metricsPort = read('METRICS_PORT') === null ? null : integer('METRICS_PORT', 0, 0, 65_535);

  const urls = (name: string, isUrl: RegExp, example: string): string[] => {
    const list =
      read(name)
        ?.split(',')
        .map((url) => url.trim()) ?? [];
    const bad = list.find((url) => !isUrl.test(url) || !isReachable(url));
    if (bad !== undefined) problems.push(`${name} must hold addresses such as ${example}, not "${bad}".`);
    if (list.length > MAX_ICE_URLS) problems.push(`${name} must hold at most ${MAX_ICE_URLS} addresses.`);
    return list;
  };

  const stunUrls = urls('STUN_URLS', STUN_URL, 'stun:turn.example:3478');
  const turnUrls = urls('TURN_URLS', TURN_URL, 'turn:turn.example:3478?transport=udp');
  const turnSecret = read('TURN_SECRET');
  if (turnSecret === null && turnUrls.length > 0) {
    problems.push('TURN_SECRET must be set with TURN_URLS, to the static-auth-secret of those servers.');
  }
  if (turnSecret !== null && turnUrls.length === 0) {
    problems.push('TURN_SECRET must not be set without TURN_URLS, which it is for.');
  }
  // The one setting whose value no sentence repeats.
  if (turnSecret !== null && !TURN_SECRET.test(turnSecret)) {
    problems.push('TURN_SECRET must be 16 to 256 letters, digits or signs without spaces.');
  }
  const ttlS = integer('TURN_TTL_S', TTL_BOUNDS_S.usual, TTL_BOUNDS_S.min, TTL_BOUNDS_S.max);
  const turn =
    turnSecret === null ? null : { urls: turnUrls, secret: createSecretKey(turnSecret, 'utf8'), ttlS };

  const pushServices = read('PUSH_SERVICES')
    ?.split(',')
    .map((rule) => rule.trim()) ?? [...KNOWN_SERVICES];
  const isPushOff = pushServices.join() === 'off';
  const badService = isPushOff ? undefined : pushServices.find((rule) => !isServiceRule(rule));
  if (badService !== undefined) {
    problems.push(
      `PUSH_SERVICES must be off, or hold hosts such as push.example or *.push.example, not "${badService}".`,
    );
  }
  const contact = read('PUSH_CONTACT');
  if (contact !== null && !CONTACT.test(contact)) {
    problems.push(
      `PUSH_CONTACT must be an address such as mailto:you@meet.example or https://meet.example, not "${contact}".`,
    );
  }
  const contactOfOrigin = origin !== null && CONTACT.test(origin) ? origin : NO_CONTACT;

  const limits: Record<keyof Limits, number> = { ...DEFAULT_LIMITS };
  const known = new Map(limitNames().map((limit) => [limitSetting(limit), limit]));
  for (const name of Object.keys(environment).filter((key) => key.startsWith('LIMIT_'))) {
    const limit = known.get(name);
    if (limit === undefined)
      problems.push(`${name} is not a limit; the limits are ${[...known.keys()].join(', ')}.`);
    else limits[limit] = integer(name, DEFAULT_LIMITS[limit], 1, MAX_LIMIT);
  }

  const settings: Settings = {
    host,
    port: integer('PORT', 4000, 0, 65_535),
    origin,
    redisUrl,
    dataDir: resolve(read('DATA_DIR') ?? './data'),
    trustProxyHops: integer('TRUST_PROXY_HOPS', 0, 0, MAX_PROXY_HOPS),
    logMode: logMode ?? 'normal',
    logFile: logFile && resolve(logFile),
    metrics: metricsPort === null ? null : { host: metricsHost, port: metricsPort },
    ice: { stunUrls, turn },
    push: isPushOff ? null : { services: pushServices, contact: contact ?? contactOfOrigin },
    limits,
  };
  const [problem] = problems;
  return problem === undefined ? { ok: true, settings } : { ok: false, problem };
}

function limitNames(): (keyof Limits)[] {
  return Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
}

/** `statusBurst` -> `LIMIT_STATUS_BURST`. */
export function limitSetting(limit: keyof Limits): string {
  return `LIMIT_${limit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Beyond its form: a port has 16 bits, and what stands in brackets is an address. */
function isReachable(url: string): boolean {
  const port = /:(\d+)(?:\?.*)?$/.exec(url)?.[1] ?? '0';
  const address = /\[(.*)\]/.exec(url)?.[1] ?? '::';
  return Number(port) <= 65_535 && isIPv6(address) && url.length <= MAX_ICE_URL_LENGTH;
}

/** The scheme, the host, and of the path at most the number of a database. */
function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  const isPlain = /^(?:\/\d{0,3})?$/.test(pathname) && search === '' && hash === '';
  return /^rediss?:$/.test(protocol) && hostname !== '' && isPlain;
}

/** Exactly what a browser would send as Origin: no path, no trailing slash, no default port. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}
