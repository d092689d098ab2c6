import { readFileSync } from 'node:fs';
import type { Handle } from '@sveltejs/kit';
import { dev } from '$app/environment';
import { loadWords, m } from '$lib/words/messages';

/**
 * Runs when pages are made, never for a visitor. The meeting's page, and the one for unknown addresses, are empty until
 * their script runs, so nothing in them could say what a link to them looks like elsewhere: it is the same for every
 * meeting, and search engines are asked to leave them out.
 */
export const handle: Handle = async ({ event, resolve }) => {
  const isUnknown = event.route.id === null;
  const head = isUnknown || event.route.id === '/m' ? await shellHead() : '';
  return resolve(event, {
    transformPageChunk: ({ html }) => {
      const page = html.replace('</head>', () => `${head}</head>`);
      return dev || isUnknown ? page : withoutLaterStyles(page);
    },
  });
};

async function shellHead(): Promise<string> {
  await loadWords('home');
  const description = m.home_description().replaceAll('"', '&quot;');
  return [
    '<title>Parley</title>',
    '<meta name="robots" content="noindex" />',
    `<meta name="description" content="${description}" />`,
    '<meta property="og:title" content="Parley" />',
    `<meta property="og:description" content="${description}" />`,
  ].join('\n');
}

/** Vite's own list of what was made of what. */
const MANIFEST = '.svelte-kit/output/client/.vite/manifest.json';
type Chunk = { file: string; imports?: string[]; css?: string[] };

/**
 * Kit names the styles of every part that a page may ever load, and a browser waits for all that are named. Those of
 * parts that come later come with their script; only those of the scripts that the page itself names are needed first.
 */
function withoutLaterStyles(html: string): string {
  const chunks = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Record<string, Chunk>;
  const named = Object.entries(chunks).filter(([, { file }]) => html.includes(file));
  const needed = new Set(named.map(([name]) => name));
  // What is added while it is walked is walked too.
  for (const name of needed) for (const imported of chunks[name]?.imports ?? []) needed.add(imported);
  const styles = new Set([...needed].flatMap((name) => chunks[name]?.css ?? []));
  return html.replace(/\s*<link href="\/([^"]+\.css)" rel="stylesheet">/g, (link, file: string) =>
    styles.has(file) ? link : '',
  );
}
