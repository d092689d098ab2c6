import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { DEFAULT_LIMITS, type Limits } from './limits';

/**
 * The operator's settings, from the environment:
 *
 *   HOST              address to listen on (127.0.0.1)
 *   PORT              port to listen on, 0 for any free one (4000)
 *   ORIGIN            the origin people see, where a proxy stands in front (the address listened on)
 *   DATA_DIR          folder of the registry (./data)
 *   TRUST_PROXY_HOPS  proxies in front whose X-Forwarded-For is believed (0)
 *   LOG_MODE          normal | off | debug (normal)
 *   LIMIT_*           any entry of limits.ts, such as LIMIT_OPEN_PER_ADDRESS
 */
export type Settings = {
  host: string;
  port: number;
  origin: string | null;
  dataDir: string;
  trustProxyHops: number;
  logMode: LogMode;
  limits: Limits;
};

export const LOG_MODES = ['normal', 'off', 'debug'] as const;
export type LogMode = (typeof LOG_MODES)[number];

type Environment = Readonly<Record<string, string | undefined>>;
type Outcome = { ok: true; settings: Settings } | { ok: false; problem: string };

/** More proxies than that in a row is a typing error. */
const MAX_PROXY_HOPS = 10;
const MAX_LIMIT = 2 ** 31 - 1;

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

  const host = read('HOST') ?? '127.0.0.1';
  if (isIP(host) === 0 && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(host)) {
    problems.push(`HOST must be an IP address or a host name, not "${host}".`);
  }

  const origin = read('ORIGIN');
  if (origin !== null && !isOrigin(origin)) {
    problems.push(`ORIGIN must be a scheme and a host such as https://meet.example, not "${origin}".`);
  }

  const logMode = LOG_MODES.find((mode) => mode === (read('LOG_MODE') ?? 'normal'));
  if (logMode === undefined) {
    problems.push(`LOG_MODE must be one of ${LOG_MODES.join(', ')}, not "${read('LOG_MODE')}".`);
  }

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
    dataDir: resolve(read('DATA_DIR') ?? './data'),
    trustProxyHops: integer('TRUST_PROXY_HOPS', 0, 0, MAX_PROXY_HOPS),
    logMode: logMode ?? 'normal',
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

/** Exactly what a browser would send as Origin: no path, no trailing slash, no default port. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}
