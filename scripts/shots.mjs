/**
 * Takes pictures of every page and state of the build in build/, light and dark, from a small phone to a wall screen,
 * into shots/, for somebody to look at: STATE/SIZE-SCHEME.png, and one sheet per state and scheme.
 *
 *   node scripts/shots.mjs              everything
 *   node scripts/shots.mjs home- call-  only states whose names begin so
 *
 * The finest of what is there by then go into docs/images/contact-sheet.png.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launchBrowser, startParley } from '../bench/support.mjs';
import { STATES } from './shots-states.mjs';

const SHOTS = fileURLToPath(new URL('../shots/', import.meta.url));
const CONTACT_SHEET = fileURLToPath(new URL('../docs/images/contact-sheet.png', import.meta.url));
const SIZES = [
  { width: 320, height: 640 },
  { width: 360, height: 780 },
  { width: 740, height: 360 },
  { width: 768, height: 1024 },
  { width: 1024, height: 768 },
  { width: 1440, height: 900 },
  { width: 2560, height: 1440 },
];
const SCHEMES = /** @type {const} */ (['light', 'dark']);
/** Of a page that scrolls, no more than this is of use. */
const MAX_HEIGHT_PX = 6_000;
/** How wide a picture of each size is on a sheet. */
const SHEET_WIDTHS = new Map([
  [320, 210],
  [360, 236],
  [740, 480],
  [768, 400],
  [1024, 490],
  [1440, 760],
  [2560, 1080],
]);

/** What README shows: state, size, scheme, and how wide it is drawn there. */
const FINEST = /** @type {const} */ ([
  ['talk-chat', 1440, 'light', 1016],
  ['talk-chat', 360, 'dark', 272],
  ['guest-prejoin', 360, 'light', 272],
  ['home-meetings', 360, 'dark', 272],
  ['guest-waiting', 360, 'light', 272],
  ['page-how-it-works', 1440, 'dark', 1016],
  ['talk-files', 1024, 'light', 784],
  ['call-voice', 1024, 'dark', 784],
]);

const wanted = process.argv.slice(2);
/** @param {string} name */
const isWanted = (name) => wanted.length === 0 || wanted.some((start) => name.startsWith(start));

/**
 * One state at every size and in both schemes. `isLong`: what is further down counts too.
 * @param {string} name
 * @param {import('@playwright/test').Page} page
 * @param {{ isLong?: boolean }} [how]
 */
async function shoot(name, page, { isLong = false } = {}) {
  if (!isWanted(name)) return;
  mkdirSync(join(SHOTS, name), { recursive: true });
  const before = page.viewportSize();
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await drawnIn(page, colorScheme);
      const path = join(SHOTS, name, `${size.width}-${colorScheme}.png`);
      const height = isLong ? await page.evaluate(() => document.documentElement.scrollHeight) : 0;
      const clip = {
        x: 0,
        y: 0,
        width: size.width,
        height: Math.min(MAX_HEIGHT_PX, Math.max(height, size.height)),
      };
      await page.screenshot({ path, fullPage: isLong, ...(isLong ? { clip } : {}) });
    }
    const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWider) process.stderr.write(`${name} scrolls sideways at ${size.width} px\n`);
  }
  if (before !== null) await page.setViewportSize(before);
  process.stdout.write(`${name}\n`);
}

/**
 * Resolves when the page knows of the scheme and has been painted with it, which a busy one is only later.
 * @param {import('@playwright/test').Page} page
 * @param {'light' | 'dark'} scheme
 */
async function drawnIn(page, scheme) {
  await page.waitForFunction(
    ([query, width]) => matchMedia(query).matches && innerWidth === width,
    /** @type {const} */ ([`(prefers-color-scheme: ${scheme})`, page.viewportSize()?.width ?? 0]),
  );
  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  for (let i = 0; i < 4; i++) await page.evaluate(nextFrame);
}

/** @param {import('@playwright/test').Browser} browser */
async function drawSheets(browser) {
  const page = await browser.newPage({ viewport: { width: 1900, height: 1000 } });
  mkdirSync(join(SHOTS, 'sheets'), { recursive: true });
  const names = readdirSync(SHOTS).filter((name) => name !== 'sheets' && isWanted(name));
  for (const name of names) {
    for (const scheme of SCHEMES) {
      const pictures = SIZES.map(({ width }) => {
        const address = pathToFileURL(join(SHOTS, name, `${width}-${scheme}.png`)).href;
        return `<figure><img src="${address}" width="${SHEET_WIDTHS.get(width)}"><figcaption>${width}</figcaption></figure>`;
      });
      const file = join(SHOTS, 'sheets', `${name}-${scheme}.html`);
      writeFileSync(
        file,
        `<!doctype html><title>${name}, ${scheme}</title>
<style>body{margin:8px;background:#888;font:14px sans-serif;display:flex;flex-wrap:wrap;gap:12px;align-items:start}
figure{margin:0}img{display:block;max-block-size:1500px;object-fit:cover;object-position:top}</style>${pictures.join('')}\n`,
      );
      await page.goto(pathToFileURL(file).href);
      await page.screenshot({ path: join(SHOTS, 'sheets', `${name}-${scheme}.png`), fullPage: true });
    }
  }
  await page.close();
}

/** @param {import('@playwright/test').Browser} browser */
async function drawContactSheet(browser) {
  const files = FINEST.map(([name, width, scheme, shown]) => ({
    path: join(SHOTS, name, `${width}-${scheme}.png`),
    shown,
  }));
  if (!files.every(({ path }) => existsSync(path))) return;
  const page = await browser.newPage({ viewport: { width: 1640, height: 1000 } });
  const pictures = files.map(
    ({ path, shown }) => `<img src="${pathToFileURL(path).href}" style="inline-size:${shown}px">`,
  );
  const file = join(SHOTS, 'sheets', 'finest.html');
  writeFileSync(
    file,
    `<!doctype html><style>body{margin:16px;background:#7d8784;display:flex;flex-wrap:wrap;gap:16px}
img{block-size:589px;object-fit:cover;object-position:top;border-radius:10px}</style>${pictures.join('')}\n`,
  );
  await page.goto(pathToFileURL(file).href);
  await page.screenshot({ path: CONTACT_SHEET, fullPage: true });
  await page.close();
}

const parley = await startParley();
// Sharing a screen needs no choice; each person is a window of their own.
const browser = await launchBrowser();
try {
  for (const { names, take } of STATES) {
    if (!names.some(isWanted)) continue;
    await take({ browser, parley, shoot }).catch((/** @type {unknown} */ problem) => {
      // One state that cannot be reached leaves the others to be looked at, and the exit code says so.
      process.stderr.write(`${names.join(', ')}: ${String(problem)}\n`);
      process.exitCode = 1;
    });
  }
  await drawSheets(browser);
  await drawContactSheet(browser);
} finally {
  await browser.close();
  await parley.close();
}
// A state that was not reached may have left a browser or a server of its own.
process.exit();
