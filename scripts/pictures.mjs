/**
 * Draws the pictures that systems and other people's apps show for this one, with Chromium, into static/: the icons from
 * static/favicon.svg, and what goes with a link to Home.
 *
 *   node scripts/pictures.mjs
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../bench/support.mjs';

const STATIC = fileURLToPath(new URL('../static/', import.meta.url));
const icon = readFileSync(join(STATIC, 'favicon.svg'), 'utf8');
/** Without its rounded corners: the system cuts its own shape out of these. */
const square = icon.replace(/ rx="\d+"/, '');
/** What is sure to be seen of a maskable icon is a circle of four fifths (Web App Manifest, section "Icon masks"). */
const maskable = square
  .replace('viewBox="0 0 64 64"', 'viewBox="-9 -9 82 82"')
  .replace('<rect width="64" height="64"', '<rect x="-9" y="-9" width="82" height="82"');
/** More than this, and some apps show a link without its picture. */
const MAX_SOCIAL_BYTES = 100_000;

const ICONS = /** @type {const} */ ([
  ['icon-192.png', 192, icon],
  ['icon-512.png', 512, icon],
  ['apple-touch-icon.png', 180, square],
  ['maskable-512.png', 512, maskable],
]);

const tokens = readFileSync(new URL('../src/lib/ui/tokens.css', import.meta.url), 'utf8');
const mark = readFileSync(new URL('../src/lib/ui/Mark.svelte', import.meta.url), 'utf8');
const paths = /<svg[^]*?<\/svg>/.exec(mark)?.[0] ?? '';
const SOCIAL = `<!doctype html><style>${tokens}
body { box-sizing: border-box; display: grid; grid-template: 1fr auto / 1fr 300px; gap: 40px; align-items: center; margin: 0;
  inline-size: 1200px; block-size: 630px; padding: 72px 80px; background: var(--bg); color: var(--text);
  font: 32px/1.45 var(--font); }
h1 { margin: 0 0 28px; font-size: 74px; line-height: 1.05; letter-spacing: -0.04em; }
p { margin: 0; color: var(--text-soft); }
.brand { grid-column: 1 / -1; color: var(--text); font-size: 40px; font-weight: 700; letter-spacing: -0.02em; }
.mark { inline-size: 300px; block-size: 300px; }
.outline { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round; }
.between { fill: var(--accent); }
</style><div><h1>Private meetings in a link.</h1><p>No account. The key is in the link, so our server passes your words on and cannot read them.</p></div>
${paths}<p class="brand">Parley</p>`;

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ colorScheme: 'light' });
  for (const [name, size, svg] of ICONS) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(
      `<!doctype html><style>body{margin:0}svg{display:block;inline-size:100vi}</style>${svg}`,
    );
    await page.screenshot({ path: join(STATIC, name), omitBackground: true });
  }
  await page.setViewportSize({ width: 1200, height: 630 });
  await page.setContent(SOCIAL);
  const path = join(STATIC, 'social.png');
  await page.screenshot({ path });
  const { size } = statSync(path);
  if (size > MAX_SOCIAL_BYTES) throw new Error(`social.png has ${size} bytes, more than ${MAX_SOCIAL_BYTES}`);
} finally {
  await browser.close();
}
