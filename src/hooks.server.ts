import type { Handle } from '@sveltejs/kit';
import { loadWords, m } from '$lib/words/messages';

/**
 * Runs when pages are made, never for a visitor. The meeting's page, and the one for unknown addresses, are empty until
 * their script runs, so nothing in them could say what a link to them looks like elsewhere: it is the same for every
 * meeting, and search engines are asked to leave them out.
 */
export const handle: Handle = async ({ event, resolve }) => {
  if (event.route.id !== '/m' && event.route.id !== null) return resolve(event);
  await loadWords('home');
  const description = m.home_description().replaceAll('"', '&quot;');
  const head = [
    '<title>Parley</title>',
    '<meta name="robots" content="noindex" />',
    `<meta name="description" content="${description}" />`,
    '<meta property="og:title" content="Parley" />',
    `<meta property="og:description" content="${description}" />`,
  ];
  return resolve(event, {
    transformPageChunk: ({ html }) => html.replace('</head>', () => `${head.join('\n')}</head>`),
  });
};
