/**
 * What people feel of the pages: Lighthouse, the bytes of Home, and how soon an answer to a key or a press is seen.
 *
 *   node bench/face.mjs [--runs 5] [--messages 5000] [--meetings 1000]
 *
 * Lighthouse looks at Home, How it works and a guest's first view of a meeting, as on a telephone; of the runs the median
 * counts. Then Home is opened with an empty cache, and what came until it rested is counted as it was sent. Then, with
 * the processor slowed to a quarter: a conversation that another browser has really sent, and a list of meetings that was
 * imported. From a key or a press to the next picture, by the browser's own measure (Event Timing); of all these
 * interactions the worst is told, and the one at the 98th percentile, which is called INP.
 */
import lighthouse from 'lighthouse';
import { backupOf } from '../tests/support/backup-file.mjs';
import { freePort, hostParley, keep, launchBrowser, median, readOptions, startParley } from './support.mjs';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {{ id: number, name: string, durationMs: number }} Happening */
/** @typedef {typeof globalThis & { happenings: Happening[] }} Watched */

const CATEGORIES = /** @type {const} */ (['performance', 'accessibility', 'best-practices']);
const SLOWER = 4;
/** Event Timing tells nothing shorter. */
const SHORTEST_MS = 16;
/** INP leaves out the slowest of every fifty. */
const PER_OUTLIER = 50;
const KB = 1_000;
/** The page is the window's own size: what Playwright lets reach beyond the window is never counted as shown. */
const WINDOW = ['--window-size=1280,900'];

const { runs, messages, meetings } = readOptions({ runs: 5, messages: 5_000, meetings: 1_000 });

/** @param {string} name @param {string} url */
async function look(name, url) {
  /** @type {{ scores: number[], amiss: string[], firstContentMs: number, largestContentMs: number, blockedMs: number, shift: number, longTasks: unknown }[]} */
  const raw = [];
  for (let run = 0; run < runs; run++) {
    const port = await freePort();
    const browser = await launchBrowser([`--remote-debugging-port=${port}`]);
    try {
      const options = { port, logLevel: /** @type {const} */ ('error'), onlyCategories: [...CATEGORIES] };
      const result = await lighthouse(url, options);
      if (result === undefined) throw new Error('Lighthouse found nothing to say.');
      const { categories, audits } = result.lhr;
      raw.push({
        scores: CATEGORIES.map((category) => Math.round((categories[category]?.score ?? 0) * 100)),
        firstContentMs: audits['first-contentful-paint']?.numericValue ?? NaN,
        largestContentMs: audits['largest-contentful-paint']?.numericValue ?? NaN,
        blockedMs: audits['total-blocking-time']?.numericValue ?? NaN,
        shift: audits['cumulative-layout-shift']?.numericValue ?? NaN,
        longTasks: audits['long-tasks']?.details,
        amiss: CATEGORIES.flatMap((category) =>
          (categories[category]?.auditRefs ?? [])
            .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 1)
            .map(({ id }) => `${id}: ${audits[id]?.displayValue ?? audits[id]?.title}`),
        ),
      });
    } finally {
      await browser.close();
    }
  }
  const scores = CATEGORIES.map((category, at) => [
    category,
    median(raw.map((run) => run.scores[at] ?? NaN)),
  ]);
  keep(
    `face.lighthouse_${name}`,
    { name: `face.lighthouse_${name}`, n: runs, ...Object.fromEntries(scores) },
    raw,
  );
}

/** What Home's first view sends: its body, as it was sent. @param {string} url */
async function weigh(url) {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  /** @type {Promise<{ path: string, bytes: number, encoding: string }>[]} */
  const asked = [];
  page.on('requestfinished', (request) => {
    const read = async () => {
      const [sizes, response] = [await request.sizes(), await request.response()];
      const encoding = (await response?.headerValue('content-encoding')) ?? '';
      return { path: new URL(request.url()).pathname, bytes: sizes.responseBodySize, encoding };
    };
    asked.push(read());
  });
  await page.goto(url, { waitUntil: 'networkidle' });
  const raw = await Promise.all(asked);
  await browser.close();
  const kb = (/** @type {typeof raw} */ files) => files.reduce((sum, { bytes }) => sum + bytes, 0) / KB;
  const name = 'face.home_sent';
  const figure = {
    name,
    unit: 'KB',
    all: kb(raw),
    script: kb(raw.filter(({ path }) => path.endsWith('.js'))),
  };
  keep(name, { ...figure, requests: raw.length }, raw);
}

/** A page whose interactions are noted. @param {import('@playwright/test').Browser} browser */
async function watchedPage(browser) {
  const context = await browser.newContext({ viewport: null });
  await context.addInitScript((durationThreshold) => {
    const watched = /** @type {Watched} */ (globalThis);
    watched.happenings = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { interactionId, name, duration } = /** @type {PerformanceEventTiming} */ (entry);
        if (interactionId > 0) watched.happenings.push({ id: interactionId, name, durationMs: duration });
      }
    }).observe(/** @type {PerformanceObserverInit} */ ({ type: 'event', durationThreshold, buffered: true }));
  }, SHORTEST_MS);
  return context.newPage();
}

/** Does it on a slowed page, part by part, and tells what the interactions took. @param {string} name @param {Page} page @param {Record<string, () => Promise<void>>} parts */
async function feel(name, page, parts) {
  await rest(page);
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const count = () =>
    page.evaluate(
      () => /** @type {Performance & { interactionCount: number }} */ (performance).interactionCount,
    );
  const raw = [];
  /** @type {number[]} */
  const all = [];
  let interactions = 0;
  for (const [part, act] of Object.entries(parts)) {
    const before = await count();
    await page.evaluate(() => {
      /** @type {Watched} */ (globalThis).happenings = [];
    });
    await act();
    await rest(page);
    const happenings = await page.evaluate(() => /** @type {Watched} */ (globalThis).happenings);
    /** @type {Map<number, number>} one interaction has several events: the longest counts */
    const longest = new Map();
    for (const { id, durationMs } of happenings) longest.set(id, Math.max(longest.get(id) ?? 0, durationMs));
    const n = (await count()) - before;
    interactions += n;
    all.push(...longest.values());
    raw.push({ part, n, worstMs: Math.max(SHORTEST_MS, ...longest.values()), happenings });
  }
  await session.detach();
  all.sort((a, b) => b - a);
  const [worstMs = SHORTEST_MS] = all;
  const inpMs = all[Math.floor(interactions / PER_OUTLIER)] ?? SHORTEST_MS;
  const worst = Object.fromEntries(raw.map(({ part, worstMs: ms }) => [part, ms]));
  keep(name, { name, unit: 'ms', inpMs, worstMs, interactions, slower: SLOWER, worst }, raw);
}

/** Until pictures are drawn and the observer has told of them. @param {Page} page */
async function rest(page) {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 5; frame++) await new Promise((next) => requestAnimationFrame(next));
    await new Promise((next) => requestIdleCallback(next));
  });
}

/** @param {Page} page @param {number} times @param {...string} keys */
async function press(page, times, ...keys) {
  for (let time = 0; time < times; time++) {
    for (const key of keys) {
      await page.keyboard.press(key);
      await rest(page);
    }
  }
}

/** @param {Page} page @param {number} times @param {number} deltaY */
async function wheel(page, times, deltaY) {
  for (let time = 0; time < times; time++) {
    await page.mouse.wheel(0, deltaY);
    await rest(page);
  }
}

/** Says it in the page itself, through its own box. @param {Page} page @param {number} from @param {number} to */
async function say(page, from, to) {
  await page.getByRole('textbox', { name: 'Message' }).evaluate(
    async (box, [first = 0, end = 0]) => {
      if (!(box instanceof HTMLTextAreaElement)) throw new Error('The box is no box.');
      for (let number = first; number < end; number++) {
        box.value = `Message ${number}. ${'Some are longer than others. '.repeat(number % 7)}`;
        box.dispatchEvent(new Event('input', { bubbles: true }));
        box.form?.requestSubmit();
        // The other page has to come along.
        if (number % 20 === 0) await new Promise((next) => setTimeout(next, 20));
      }
    },
    [from, to],
  );
}

/** @param {string} url */
async function conversation(url) {
  const [hosts, guests] = [await launchBrowser(WINDOW), await launchBrowser()];
  const [host, guest] = [await watchedPage(hosts), await (await guests.newContext()).newPage()];
  const link = await hostParley(host, url);
  await guest.goto(link);
  await guest.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.getByRole('button', { name: 'Join' }).click();
  const box = host.getByRole('textbox', { name: 'Message' });
  const log = host.getByRole('log', { name: 'Conversation' });
  await guest.getByRole('textbox', { name: 'Message' }).waitFor();
  await say(guest, 0, messages);
  await log.getByText(`Message ${messages - 1}.`).waitFor({ timeout: 120_000 });
  const inLog = () => log.hover();

  await feel('face.inp_chat', host, {
    type: async () => {
      await box.click();
      for (const key of 'the quick brown fox jumps over it') await press(host, 1, key);
    },
    send: async () => {
      await box.click();
      await press(host, 10, 'a', 'Enter');
    },
    'type while messages come': async () => {
      const coming = say(guest, messages, messages + 100);
      await press(host, 20, 'a', 'Backspace');
      await coming;
    },
    react: async () => {
      for (const emoji of ['Thumbs up', 'Heart', 'Celebration']) {
        await log.getByRole('article').last().hover();
        await log.getByRole('button', { name: 'React' }).last().click();
        await host.getByRole('button', { name: emoji, exact: true }).click();
        await rest(host);
      }
    },
    'wheel and reply': async () => {
      for (let time = 0; time < 5; time++) {
        await inLog();
        await wheel(host, 15, -400);
        await log.getByRole('article').nth(20).hover();
        await log.getByRole('button', { name: 'Reply' }).nth(20).click();
        await press(host, 1, 'Escape');
      }
    },
    'page keys': async () => {
      await log.focus();
      await press(host, 15, 'PageUp');
      await press(host, 15, 'PageDown');
    },
    'Home and End': async () => {
      await log.focus();
      await press(host, 5, 'Home', 'End');
    },
    'arrow keys': async () => {
      await log.getByRole('article').last().focus();
      await press(host, 50, 'ArrowUp');
    },
  });
  await Promise.all([hosts.close(), guests.close()]);
}

/** @param {string} url */
async function list(url) {
  const browser = await launchBrowser(WINDOW);
  const page = await watchedPage(browser);
  await page.goto(`${url}/settings`);
  await page.getByLabel('Import backup').and(page.locator(':enabled')).setInputFiles(backupOf(meetings));
  await page.getByRole('button', { name: 'Import', exact: true }).click({ timeout: 60_000 });
  await page.getByText(`Imported: ${meetings.toLocaleString('en')} added`).waitFor({ timeout: 60_000 });
  await page.goto(url);
  const all = page.getByRole('list', { name: 'Your meetings' });
  await all.waitFor();
  // The vault is open and the server has said who is there.
  await page.waitForLoadState('networkidle');
  /** @param {number} number */
  const more = (number) => page.getByRole('button', { name: `More for Meeting ${number}`, exact: true });
  const [newest, some] = [meetings - 1, meetings - 5];

  await feel('face.inp_list', page, {
    menu: async () => {
      for (const number of [newest, some, newest]) {
        await more(number).click();
        await press(page, 3, 'ArrowDown');
        await press(page, 1, 'Escape');
      }
    },
    rename: async () => {
      for (const name of ['Sundays', 'Mondays']) {
        await more(some).click();
        await page.getByRole('menuitem', { name: 'Rename' }).click();
        await press(page, 1, 'Control+a');
        for (const key of name) await press(page, 1, key);
        await page.getByRole('button', { name: 'Cancel' }).click();
        await rest(page);
      }
    },
    'wheel and tab': async () => {
      for (let time = 0; time < 3; time++) {
        await page.mouse.move(900, 400);
        await wheel(page, 15, 600);
        await press(page, 2, 'Tab');
      }
    },
    'page keys': async () => {
      await press(page, 15, 'PageDown');
      await press(page, 3, 'End', 'Home');
    },
    'tab key': async () => {
      // A Home key that comes while the page still glides to its end goes nowhere.
      await page.evaluate(() => scrollTo(0, 0));
      await more(newest).focus();
      await press(page, 30, 'Tab');
    },
  });
  await browser.close();
}

const parley = await startParley();
try {
  await weigh(`${parley.url}/`);
  await conversation(parley.url);
  await list(parley.url);
  const browser = await launchBrowser();
  const link = await hostParley(await browser.newPage(), parley.url);
  await look('home', `${parley.url}/`);
  await look('how_it_works', `${parley.url}/how-it-works`);
  await look('meeting', link);
  await browser.close();
} finally {
  await parley.close();
}
