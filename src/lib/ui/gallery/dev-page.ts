import type { Plugin } from 'vite';

const PAGE = `<!doctype html>
<html lang="en" dir="ltr">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Components of Parley</title>
  </head>
  <body>
    <div class="app" id="app"></div>
    <script type="module" src="/src/lib/ui/gallery/main.ts"></script>
  </body>
</html>`;

/** `npm run dev` shows every component in every state at /gallery. No build knows of it: this serves, and makes no page. */
export function galleryPage(): Plugin {
  return {
    name: 'parleyGallery',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/gallery', (request, response, next) => {
        server.transformIndexHtml('/gallery', PAGE).then((html) => {
          response.setHeader('content-type', 'text/html; charset=utf-8');
          response.end(html);
        }, next);
      });
    },
  };
}
