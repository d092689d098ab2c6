import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The colours of tokens.css, in every theme, against what WCAG 2.2 asks (1.4.3, 1.4.6 and 1.4.11). */
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const TOKENS = read('tokens.css');

type Theme = ReadonlyMap<string, string>;

/** What the `:root` under these media conditions says. */
function rules(condition: string): Theme {
  const start = condition === '' ? 0 : TOKENS.indexOf(`@media ${condition} {`);
  if (start === -1) throw new Error(`tokens.css has no ${condition}`);
  const block = TOKENS.slice(TOKENS.indexOf(':root {', start), TOKENS.indexOf('}', start));
  return new Map(
    [...block.matchAll(/--([\w-]+): (oklch\([^)]+\));/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

const over = (...layers: Theme[]): Theme => new Map(layers.flatMap((layer) => [...layer]));
const DARK = '(prefers-color-scheme: dark)';
const MORE = '(prefers-contrast: more)';
const light = rules('');
const dark = over(light, rules(DARK));
const THEMES = {
  light,
  dark,
  'light, more contrast': over(light, rules(MORE)),
  'dark, more contrast': over(dark, rules(MORE), rules(`${MORE} and ${DARK}`)),
};

/** OKLCH to linear sRGB, by the matrices of CSS Color 4, section 9.2 (Björn Ottosson's). */
function linear(colour: string): [number, number, number] {
  const [, l, chroma, hue] = /^oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)$/.exec(colour)?.map(Number) ?? [];
  if (l === undefined || chroma === undefined || hue === undefined)
    throw new Error(`Not a colour: ${colour}`);
  const lightness = l / 100;
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
}

const clamped = (part: number): number => Math.min(1, Math.max(0, part));

function luminance(colour: string): number {
  const [red, green, blue] = linear(colour);
  return 0.2126 * clamped(red) + 0.7152 * clamped(green) + 0.0722 * clamped(blue);
}

function hex(colour: string): string {
  const parts = linear(colour).map((part) => {
    const light = clamped(part);
    return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
  });
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function contrast(theme: Theme, front: string, back: string): number {
  const [darker = 0, lighter = 0] = [front, back]
    .map((name) => luminance(theme.get(name) ?? `no token --${name}`))
    .sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

const GROUNDS = ['bg', 'surface', 'sunken'];
const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ['text', [...GROUNDS, 'accent-soft', 'danger-soft']],
  ['text-soft', [...GROUNDS, 'accent-soft', 'danger-soft']],
  ['accent', [...GROUNDS, 'accent-soft']],
  ['accent-strong', [...GROUNDS, 'accent-soft']],
  ['danger', [...GROUNDS, 'danger-soft', 'accent-soft']],
  ['danger-strong', [...GROUNDS, 'danger-soft']],
  ['on-accent', ['accent', 'accent-strong']],
  ['on-danger', ['danger', 'danger-strong']],
];
const EDGES: readonly (readonly [string, readonly string[]])[] = [
  ['line-strong', GROUNDS],
  ['accent', [...GROUNDS, 'accent-soft']],
  ['danger', [...GROUNDS, 'danger-soft']],
];

/** The pairs that keep less than `least`, so that a failure names them. */
function tooFaint(theme: Theme, pairs: typeof TEXT, least: number): string[] {
  return pairs.flatMap(([front, backs]) =>
    backs
      .map((back) => ({ back, ratio: contrast(theme, front, back) }))
      .filter(({ ratio }) => ratio < least)
      .map(({ back, ratio }) => `${front} on ${back}: ${ratio.toFixed(2)}`),
  );
}

test.for(Object.entries(THEMES))('%s: every text can be read, every edge seen', ([name, theme]) => {
  const isMore = name.includes('more');
  expect(tooFaint(theme, TEXT, isMore ? 7 : 4.5)).toEqual([]);
  expect(tooFaint(theme, EDGES, isMore ? 4.5 : 3)).toEqual([]);
});

test('a colour is turned into that of the screen', () => {
  // The sRGB primaries in OKLCH, as CSS Color 4 prints them.
  expect(hex('oklch(62.796% 0.25768 29.234)')).toBe('#ff0000');
  expect(hex('oklch(51.975% 0.17686 142.495)')).toBe('#008000');
});

test('every colour of one theme is in the other', () => {
  expect([...rules(DARK).keys()]).toEqual([...light.keys()]);
  expect(light.size).toBeGreaterThan(10);
});

test('what the system draws round the app has its ground’s colour', () => {
  const page = read('../../app.html');
  const [onLight, onDark] = [light, dark].map((theme) => hex(theme.get('bg') ?? ''));
  expect(page).toContain(`media="(prefers-color-scheme: light)" content="${onLight}"`);
  expect(page).toContain(`media="(prefers-color-scheme: dark)" content="${onDark}"`);
  const settings = read('../../../vite.config.ts');
  expect(settings).toContain(`theme_color: '${onLight}'`);
  expect(settings).toContain(`background_color: '${onLight}'`);
});
