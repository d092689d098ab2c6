import { fileURLToPath } from 'node:url';
import {
  test as base,
  chromium,
  expect,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';
import { CHROMIUM_ARGS, requireChromium } from '../../scripts/find-chromium.mjs';
import type { Profile } from './profiles';
import {
  AppServer,
  credentialsFor,
  Identity,
  startBarePage,
  startRelay,
  STUN_URLS,
  turnUrls,
  type Coturn,
} from './servers';
import { prefixOf } from './sweep';
import { testify, watchConnections } from './witness';
import { APP, BARE, namesIn, Topology, TURN, type Site } from './topology';
import type { Program } from './program';

const IN_NAMESPACE = fileURLToPath(new URL('chromium-in-netns', import.meta.url));
const CREDENTIAL_LIFE_S = 3_600;
/** Lines of the relay's log that tell why the last thing failed. */
const LOG_LINES = 30;

export const APP_URL = `https://${APP.name}/`;
export const BARE_URL = `https://${BARE.name}/`;

/** A person with a device in a network of their own. */
export class Person {
  readonly site: Site;
  readonly browser: Browser;
  readonly #pages = new Set<Page>();

  constructor(site: Site, browser: Browser) {
    this.site = site;
    this.browser = browser;
  }

  /** Those that are open, for the report when something fails. */
  get pages(): Page[] {
    return [...this.#pages];
  }

  /** A page in a fresh profile, with a witness in it. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB', ...options });
    const page = await context.newPage();
    this.#pages.add(page);
    context.once('close', () => this.#pages.delete(page));
    await watchConnections(page);
    return page;
  }
}

/** The network, its servers, and the people in it, who are made when they are first asked for. */
export class Lab {
  readonly topology: Topology;
  readonly relay: Coturn;
  readonly identity: Identity;
  #bare: Program;
  #app: Promise<AppServer> | null = null;
  readonly #people = new Map<string, Promise<Person>>();

  private constructor(topology: Topology, identity: Identity, relay: Coturn, bare: Program) {
    this.topology = topology;
    this.identity = identity;
    this.relay = relay;
    this.#bare = bare;
  }

  static async start(prefix: string): Promise<Lab> {
    const topology = new Topology(prefix);
    const identity = new Identity();
    const relay = startRelay(topology.middle, identity);
    const bare = startBarePage(topology.middle, identity);
    return new Lab(topology, identity, await relay, await bare);
  }

  app(): Promise<AppServer> {
    this.#app ??= AppServer.start(this.topology.middle, this.identity, this.relay.secret);
    return this.#app;
  }

  /** At the same time, and anew at the same addresses. */
  async restartServers(): Promise<void> {
    const bare = this.#bare.stop('SIGKILL').then(() => startBarePage(this.topology.middle, this.identity));
    const app = this.#app?.then((server) => server.restart());
    this.#bare = await bare;
    await app;
  }

  /** A device that works again and again: browsers take longer to start than to connect. */
  person(end: 'a' | 'b', profile: Profile): Promise<Person> {
    const name = `${end}-${profile}`;
    const known = this.#people.get(name) ?? this.#invite(name, profile);
    this.#people.set(name, known);
    return known;
  }

  /** A device on a cable that can be made worse. */
  wired(name: string, profile: Profile): Promise<Person> {
    const invited = this.#invite(name, profile, true);
    this.#people.set(name, invited);
    return invited;
  }

  /** What a browser needs for every way there is; `relay` may be another than the usual one. */
  iceServers(
    lifeS = CREDENTIAL_LIFE_S,
    relay = { secret: this.relay.secret, name: TURN.name as string },
  ): RTCIceServer[] {
    const credentials = credentialsFor(relay.secret, Math.floor(Date.now() / 1_000) + lifeS);
    return [{ urls: STUN_URLS }, { urls: turnUrls(relay.name), ...credentials }];
  }

  /** What a failure is explained with: what each end saw, and the last that the relay said. */
  async explain(): Promise<string> {
    const pages = (await this.people()).flatMap(({ site, pages }) => pages.map((page) => ({ site, page })));
    const seen = pages.map(async ({ site, page }) => {
      const testimony = await testify(page).catch(String);
      return `${site.client}: ${JSON.stringify(testimony, null, 1)}`;
    });
    return [...(await Promise.all(seen)), ...this.relay.log().split('\n').slice(-LOG_LINES)].join('\n');
  }

  /** Closes every page. */
  async clear(): Promise<void> {
    const pages = (await this.people()).flatMap((person) => person.pages);
    await Promise.all(pages.map((page) => page.context().close()));
  }

  async people(): Promise<Person[]> {
    return Promise.all(this.#people.values());
  }

  async stop(): Promise<void> {
    await Promise.all((await this.people()).map(({ browser }) => browser.close()));
    await Promise.all([this.#bare.stop(), this.relay.stop(), this.#app?.then((app) => app.stop())]);
    await this.topology.destroy();
    this.identity.remove();
  }

  async #invite(name: string, profile: Profile, isWired = false): Promise<Person> {
    const site = await this.topology.site(name, profile, isWired);
    return new Person(site, await launchIn(site));
  }
}

/** Chromium with the relay's and the app's certificate believed: `ignoreHTTPSErrors` alone does not reach TURN. */
function launchIn(site: Site): Promise<Browser> {
  return chromium.launch({
    executablePath: IN_NAMESPACE,
    args: [...CHROMIUM_ARGS, '--ignore-certificate-errors', `--host-resolver-rules=${namesIn(site)}`],
    env: { ...definedEnv(), LAB_NETNS: site.client, LAB_CHROMIUM: requireChromium() },
  });
}

function definedEnv(): Record<string, string> {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export const test = base.extend<{ explained: null }, { lab: Lab }>({
  explained: [
    async ({ lab }, use, info) => {
      await use(null);
      if (info.status !== info.expectedStatus) {
        info.annotations.push({ type: 'explanation', description: await lab.explain() });
      }
      await lab.clear();
    },
    { auto: true },
  ],
  lab: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
    async ({}, use, { parallelIndex }) => {
      const run = process.env['LAB_PREFIX'] ?? prefixOf(process.pid);
      const lab = await Lab.start(`${run}-${parallelIndex}`);
      try {
        await use(lab);
      } finally {
        await lab.stop();
      }
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

/** What the runner's line says of this case beside its name. */
export function note(text: string): void {
  test.info().annotations.push({ type: 'note', description: text });
}

/** What a report is made of when all cases are through. */
export function record(result: unknown): void {
  test.info().annotations.push({ type: 'result', description: JSON.stringify(result) });
}

export { expect };
