/**
 * Which push services this server sends to. A subscription's endpoint is an address that a stranger names and this
 * server then calls, so it is held to this list, exactly; anything else would be a way into the operator's network.
 */
export const KNOWN_SERVICES: readonly string[] = [
  // Chrome, Edge on phones, Opera, Samsung, Brave ...
  'fcm.googleapis.com',
  // ... and Chromium as Linux distributions build it, without Google's keys.
  'jmt17.google.com',
  '*.push.services.mozilla.com',
  // Edge on Windows
  '*.notify.windows.com',
  // Safari, and web apps on iPhones
  '*.push.apple.com',
];

/** At least two labels, the last beginning with a letter: a name of the public DNS and no IP address. */
const HOST = /^(?:[a-z0-9](?:-*[a-z0-9])*\.)+[a-z](?:-*[a-z0-9])*$/;

/** A host, `*.` and a host for every name below it, or a whole origin (a service of one's own, tests). */
export function isServiceRule(rule: string): boolean {
  return HOST.test(rule.replace(/^\*\./, '')) || isOriginRule(rule);
}

function isOriginRule(rule: string): boolean {
  return /^https?:/.test(rule) && URL.canParse(rule) && new URL(rule).origin === rule;
}

/**
 * Hosts mean https on its own port. The endpoint must be spelled as its parser spells it: then no other reader can see
 * another host, user or port in it, and what is stored is what is called.
 */
export function isAtService(rules: readonly string[], endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const url = new URL(endpoint);
  if (url.href !== endpoint || url.username !== '' || url.password !== '' || endpoint.includes('#'))
    return false;
  const isUsual = url.protocol === 'https:' && url.port === '' && HOST.test(url.hostname);
  return rules.some((rule) => {
    if (isOriginRule(rule)) return url.origin === rule;
    return isUsual && (rule.startsWith('*.') ? url.hostname.endsWith(rule.slice(1)) : url.hostname === rule);
  });
}
