import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type Browser, type DownloadBehavior, type LaunchOptions, type Page } from 'puppeteer-core';
import { CHROMIUM_ARGS, requireChromium } from '../../scripts/find-chromium.mjs';
import { findFirefox } from '../../scripts/find-firefox.mjs';

export type BrowserName = 'Chromium' | 'Firefox';

const PATIENCE_MS = 20_000;

/** A camera and a microphone without hardware or questions, sound without a press, and addresses of this machine alone. */
const FIREFOX_PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.autoplay.block-webaudio': false,
  'media.gmp-manager.updateEnabled': false,
  'intl.accept_languages': 'en-GB',
};

/** One person at one browser, with a profile and a folder for downloads of their own. Both browsers speak through this. */
export class Person {
  readonly browserName: BrowserName;
  readonly page: Page;
  /** Console errors, page errors and violations of the content security policy. */
  readonly problems: string[] = [];
  readonly #browser: Browser;
  readonly downloads: string;

  private constructor(browserName: BrowserName, browser: Browser, page: Page, downloads: string) {
    this.browserName = browserName;
    this.#browser = browser;
    this.page = page;
    this.downloads = downloads;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content.Security.Policy|Trusted/i.test(message.text())) {
        this.problems.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  static async at(browserName: BrowserName): Promise<Person> {
    const downloads = mkdtempSync(join(tmpdir(), 'parley-interop-'));
    const browser = await launch({
      headless: true,
      defaultViewport: { width: 1280, height: 800 },
      ...optionsOf(browserName, downloads),
    });
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(keepConnections);
    return new Person(browserName, browser, page, downloads);
  }

  /** The browser and its version, as it names them itself. */
  version(): Promise<string> {
    return this.#browser.version();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.downloads, { recursive: true, force: true });
  }

  async press(name: string): Promise<void> {
    // The controls of a call come back with the pointer.
    await this.page.mouse.move(200 + Math.random() * 50, 300);
    await this.page.locator(named('button', name)).click();
  }

  async fill(name: string, text: string): Promise<void> {
    await this.page.locator(named('textbox', name)).fill(text);
  }

  /** What is written in a text field; '' where there is none. */
  async value(name: string): Promise<string> {
    const found = await this.page.$(named('textbox', name));
    const value = await found?.evaluate((element) =>
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.value : '',
    );
    await found?.dispose();
    return value ?? '';
  }

  async sees(role: string, name: string): Promise<boolean> {
    const found = await this.page.$(named(role, name));
    const isSeen = (await found?.isVisible()) ?? false;
    await found?.dispose();
    return isSeen;
  }

  /** What stands in it now; '' where it is not there. Without a role and a name: in the whole page. */
  async read(role?: string, name = ''): Promise<string> {
    const found = await this.page.$(role === undefined ? 'body' : named(role, name));
    const text = await found?.evaluate((element) => element.textContent);
    await found?.dispose();
    return text ?? '';
  }
}

/** In the page, before anything else: every connection is kept in `connections`, for its statistics. */
function keepConnections(): void {
  const connections: RTCPeerConnection[] = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  Object.assign(globalThis, { connections });
}

/** By role and accessible name, in both browsers alike. */
export const named = (role: string, name: string): string =>
  `::-p-aria([role=${JSON.stringify(role)}][name=${JSON.stringify(name)}])`;

function optionsOf(browserName: BrowserName, downloads: string): LaunchOptions {
  if (browserName === 'Chromium') {
    const downloadBehavior: DownloadBehavior = { policy: 'allow', downloadPath: downloads };
    return { executablePath: requireChromium(), args: [...CHROMIUM_ARGS, '--lang=en-GB'], downloadBehavior };
  }
  const executablePath = findFirefox();
  if (executablePath === null) throw new Error('There is no Firefox.');
  const extraPrefsFirefox = {
    ...FIREFOX_PREFS,
    'browser.download.folderList': 2,
    'browser.download.dir': downloads,
    'browser.download.useDownloadDir': true,
  };
  return { browser: 'firefox', executablePath, extraPrefsFirefox };
}
