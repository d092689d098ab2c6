import { SHARE_PATH, TAKE_SHARED, type Shared } from '../lib/installed/share';

/**
 * Text, links and files that the system's share sheet hands to the installed app (Web Share Target). They come as a form
 * for our own address and are taken here, so that they go to no server; they wait in memory for the page that asks.
 */
declare const self: ServiceWorkerGlobalScope;

/** The page that is opened next asks at once. */
const KEEP_MS = 60_000;

/** What was shared last. A service worker that rests forgets, so it stays awake until somebody asked, or nobody did. */
class Box {
  #shared: Shared | null = null;

  async fill(request: Request): Promise<Response> {
    const form = await request.formData();
    const texts = ['title', 'text', 'url']
      .map((name) => form.get(name))
      .filter((one) => typeof one === 'string');
    this.#shared = {
      // Some systems put the address into the text as well.
      texts: [...new Set(texts.filter((text) => text.trim() !== ''))],
      files: form.getAll('files').filter((one) => one instanceof File),
    };
    return Response.redirect(SHARE_PATH, 303);
  }

  take(): Shared | null {
    const shared = this.#shared;
    this.#shared = null;
    return shared;
  }

  async keepAwhile(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, KEEP_MS));
    this.take();
  }
}

const box = new Box();

// Before the list's own listener: this one answers.
self.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== 'POST' || origin !== self.location.origin || pathname !== SHARE_PATH) return;
  event.respondWith(box.fill(event.request));
  event.waitUntil(box.keepAwhile());
});

self.addEventListener('message', (event) => {
  if (event.data === TAKE_SHARED) event.ports[0]?.postMessage(box.take());
});
