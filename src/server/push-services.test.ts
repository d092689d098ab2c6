import { describe, expect, test } from 'vitest';
import { isAtService, isServiceRule, KNOWN_SERVICES } from './push-services';

describe('the known services', () => {
  const isKnown = (endpoint: string) => isAtService(KNOWN_SERVICES, endpoint);

  test('are rules themselves', () => {
    for (const rule of KNOWN_SERVICES) expect(isServiceRule(rule)).toBe(true);
  });

  test.each([
    'https://fcm.googleapis.com/fcm/send/eYLp09S5j84:APA91bGOu3LR0Hma_-x',
    'https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa',
    'https://jmt17.google.com/fcm/send/eYLp09S5j84:APA91bGOu3LR0Hma',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABYNs8w6nvd',
    'https://wns2-par02p.notify.windows.com/w/?token=BQYAAACb%2bQ%3d%3d',
    'https://web.push.apple.com/QCZbsBBf3jVP',
    'https://api.sandbox.push.apple.com/x',
  ])('%s is at one', (endpoint) => expect(isKnown(endpoint)).toBe(true));

  test.each([
    ['http', 'http://fcm.googleapis.com/fcm/send/x'],
    ['another scheme', 'ftp://fcm.googleapis.com/x'],
    ['a socket', 'wss://fcm.googleapis.com/x'],
    ['a script', 'javascript:fcm.googleapis.com'],
    ['a file', 'file:///etc/passwd'],
    ['another port', 'https://fcm.googleapis.com:8443/x'],
    ['the port of http', 'https://fcm.googleapis.com:80/x'],
    ['its own port spelled out', 'https://fcm.googleapis.com:443/x'],
    ['a user', 'https://user@fcm.googleapis.com/x'],
    ['a user and password', 'https://user:pass@fcm.googleapis.com/x'],
    ['a host as user', 'https://fcm.googleapis.com@attacker.example/x'],
    ['a host as user and password', 'https://fcm.googleapis.com:443@attacker.example/x'],
    ['a fragment', 'https://fcm.googleapis.com/x#y'],
    ['an empty fragment', 'https://fcm.googleapis.com/x#'],
    ['a prefix', 'https://evilfcm.googleapis.com/x'],
    ['a name below', 'https://x.fcm.googleapis.com/x'],
    ['the name above', 'https://googleapis.com/x'],
    ['a look-alike suffix', 'https://evilfcm.googleapis.com.attacker.net/x'],
    ['a suffix', 'https://fcm.googleapis.com.attacker.net/x'],
    ['a look-alike of a suffix', 'https://evilpush.apple.com/x'],
    ['the bare suffix', 'https://push.apple.com/x'],
    ['an empty label', 'https://.push.apple.com/x'],
    ['an empty label inside', 'https://a..push.apple.com/x'],
    ['a dot at the end', 'https://fcm.googleapis.com./x'],
    ['a dot at the end of a suffix', 'https://web.push.apple.com./x'],
    ['a suffix in the path', 'https://attacker.net/web.push.apple.com'],
    ['a suffix in the query', 'https://attacker.net?.push.apple.com'],
    ['a suffix after a backslash', 'https://attacker.net\\.push.apple.com/x'],
    ['a suffix after an encoded slash', 'https://attacker.net%2f.push.apple.com/x'],
    ['a suffix after a tab', 'https://attacker.net/\t.push.apple.com'],
    ['capitals', 'https://FCM.googleapis.com/x'],
    ['a capital scheme', 'HTTPS://fcm.googleapis.com/x'],
    ['white space', ' https://fcm.googleapis.com/x'],
    ['a line break', 'https://fcm.googleapis.com/x\r\nHost: y'],
    ['one slash', 'https:/fcm.googleapis.com/x'],
    ['dots in the path', 'https://fcm.googleapis.com/a/../x'],
    ['no path', 'https://fcm.googleapis.com'],
    ['an underscore', 'https://a_b.push.apple.com/x'],
    ['a name in another script', 'https://fcm.googleapıs.com/x'],
    ['the same, encoded', 'https://fcm.xn--googleaps-0ib.com/x'],
    ['wide letters', 'https://ｆｃｍ.googleapis.com/x'],
    ['a wide dot', 'https://fcm。googleapis.com/x'],
    ['letters that vanish', 'https://fcm.google\u00adapis.com/x'],
    ['loopback', 'https://127.0.0.1/x'],
    ['loopback, short', 'https://127.1/x'],
    ['loopback, a number', 'https://2130706433/x'],
    ['loopback, hexadecimal', 'https://0x7f000001/x'],
    ['loopback in IPv6', 'https://[::1]/x'],
    ['IPv4 in IPv6', 'https://[::ffff:127.0.0.1]/x'],
    ['a private address', 'https://10.0.0.1/x'],
    ['a private address', 'https://192.168.0.1/x'],
    ['link-local', 'https://169.254.169.254/latest/meta-data'],
    ['unique local', 'https://[fd00::1]/x'],
    ['this machine', 'https://localhost/x'],
    ['a name inside', 'https://registry/x'],
    ['elsewhere', 'https://push.example/x'],
    ['nothing', ''],
    ['a scheme', 'https://'],
    ['text', 'fcm.googleapis.com'],
  ])('%s is at none: %s', (_what, endpoint) => expect(isKnown(endpoint)).toBe(false));

  test('a hostile length is refused at once', () => {
    const startedAtMs = performance.now();
    for (const part of ['a', 'a.', '-a', 'a-']) {
      expect(isKnown(`https://${part.repeat(50_000)}!.push.apple.com/x`)).toBe(false);
      expect(isKnown(`https://${part.repeat(50_000)}_.push.apple.com/x`)).toBe(false);
    }
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });
});

describe('services of one’s own', () => {
  const rules = ['push.example', '*.push.example', 'http://127.0.0.1:4555'];

  test.each([
    'https://push.example/x',
    'https://a.push.example/x',
    'https://a.b.push.example/x',
    'http://127.0.0.1:4555/x?y',
  ])('%s is at one', (endpoint) => expect(isAtService(rules, endpoint)).toBe(true));

  test.each([
    'http://push.example/x',
    'https://evil-push.example/x',
    'http://127.0.0.1:4556/x',
    'http://127.0.0.1/x',
    'https://127.0.0.1:4555/x',
    'http://user@127.0.0.1:4555/x',
    'http://localhost:4555/x',
    'http://127.0.0.1:4555@attacker.example/x',
    'http://127.0.0.1:4555.attacker.example/x',
    'https://fcm.googleapis.com/fcm/send/x',
  ])('%s is at none', (endpoint) => expect(isAtService(rules, endpoint)).toBe(false));
});
