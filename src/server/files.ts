import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { createHeaderRules } from './headers';

export type FileHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The built client in `folder`, from a list made at start: a path that is not in it does not exist. */
export function createFileHandler(folder: string, isBehindTls: boolean): FileHandler {
  const headersFor = createHeaderRules(folder, isBehindTls);
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
    const path = decodedPath(request.url ?? '/');
    for (const [name, value] of Object.entries(headersFor(path))) response.setHeader(name, value);
    serve(request, response, () => {
      for (const [name, value] of Object.entries(headersFor('/404.html'))) response.setHeader(name, value);
      response.writeHead(404, { 'Content-Type': 'text/html;charset=utf-8' }).end(notFound);
    });
  };
}

/** As sirv reads it, so that headers and file are chosen by one and the same name. */
function decodedPath(url: string): string {
  const path = url.split('?', 1)[0] ?? '/';
  try {
    return decodeURI(path);
  } catch (cause) {
    if (cause instanceof URIError) return path;
    throw cause;
  }
}
