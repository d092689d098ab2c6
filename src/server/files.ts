import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { setHeaders, type HeaderRules } from './headers';

const REWRITTEN_LINK = /^\/m%23/i;

/**
 * The request line as every rule of ours reads it. A link whose `#` a mail or chat service turned into `%23` still
 * opens the meeting page, which says what that means (section 1).
 */
export const pathOf = (url: string): string => (REWRITTEN_LINK.test(url) ? '/m' : url);

export type FileHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The built client in `folder`, from a list made at start: a path that is not in it does not exist. */
export function createFileHandler(folder: string, headersFor: HeaderRules): FileHandler {
  const serve = sirv(folder, { etag: true, gzip: true, brotli: true });
  const notFoundPage = join(folder, '404.html');
  const notFound = existsSync(notFoundPage) ? readFileSync(notFoundPage) : 'Not found';

  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD', Connection: 'close' }).end();
      return;
    }
    // Nothing here is large enough for parts, and an impossible range would make the file stream throw.
    delete request.headers.range;
    serve(request, response, () => {
      setHeaders(response, headersFor('/404.html'));
      response.writeHead(404, { 'Content-Type': 'text/html;charset=utf-8' }).end(notFound);
    });
  };
}
