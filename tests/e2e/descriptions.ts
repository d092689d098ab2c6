import { expect, type Page } from '@playwright/test';

/** In the page: what its connections say of themselves, for the search afterwards. */
export function keepDescriptions(): void {
  const kept: string[] = [];
  Object.assign(window, { keptDescriptions: kept });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('icegatheringstatechange', () => kept.push(this.localDescription?.sdp ?? ''));
    }
  };
}

/** The true fingerprints, ICE passwords and candidates of a page's connections. */
export async function descriptionsOf(page: Page): Promise<Record<string, Buffer>> {
  const kept = await page.evaluate(
    () => (window as unknown as { keptDescriptions: string[] }).keptDescriptions,
  );
  const values = [...kept.join('\r\n').matchAll(/^a=(fingerprint:sha-256 |ice-pwd:|candidate:)(.*)$/gm)];
  const needles = values.map(([, kind = '', value = '']) => [`${kind}${value}`, Buffer.from(value)] as const);
  expect(
    new Set(values.map(([, kind]) => kind)).size,
    'fingerprints, passwords and candidates were kept',
  ).toBe(3);
  return Object.fromEntries(needles);
}
