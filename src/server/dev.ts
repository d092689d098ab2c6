import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { isRunnableDevEnvironment, type Plugin, type ViteDevServer } from 'vite';
import type { Api } from './api';
import { readSettings } from './settings';
import type * as Start from './start';

const OURS = /\/src\/(?:server|lib\/protocol)\//;
/** Vite marks the changed modules stale only after its hooks ran. */
const RELOAD_MS = 100;

/** `vite dev` with the server's own API under `/trpc`, made anew whenever its code changes. */
export function parleyDevServer(): Plugin {
  let api: Promise<Api> | null = null;
  let reload: NodeJS.Timeout | undefined;

  async function load(server: ViteDevServer): Promise<Api> {
    const outcome = readSettings(process.env);
    if (!outcome.ok) throw new Error(outcome.problem);
    const environment = server.environments.ssr;
    if (!isRunnableDevEnvironment(environment)) throw new Error('the ssr environment cannot run modules');
    // The runner shares its modules with the pages that Kit renders; ssrLoadModule would make a second instance.
    const { startApi } = await environment.runner.import<typeof Start>('/src/server/start.ts');
    const { port } = server.httpServer?.address() as AddressInfo;
    return startApi(outcome.settings, port, 'development').api;
  }

  /** Clients are told to reconnect; the first that does loads the new code. */
  async function dispose(): Promise<void> {
    const old = api;
    api = null;
    await (await old)?.dispose();
  }

  return {
    name: 'parleyDevServer',
    apply: 'serve',
    configureServer(server) {
      const current = () => (api ??= load(server));
      const isOurs = (url: string | undefined) => /^\/trpc(?:[/?]|$)/.test(url ?? '');
      const report = (cause: unknown) => server.config.logger.error(String(cause));
      server.middlewares.use((request, response, next) => {
        if (!isOurs(request.url)) return next();
        current().then((loaded) => loaded.handleRequest(request, response), next);
      });
      server.httpServer?.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (!isOurs(request.url)) return;
        current().then(
          (loaded) => loaded.handleUpgrade(request, socket, head),
          (cause: unknown) => {
            report(cause);
            socket.destroy();
          },
        );
      });
      server.httpServer?.once('close', () => void dispose().catch(report));
    },
    hotUpdate({ file, server }) {
      if (this.environment.name !== 'ssr' || !OURS.test(file) || api === null) return;
      clearTimeout(reload);
      reload = setTimeout(() => {
        dispose().catch((cause: unknown) => server.config.logger.error(String(cause)));
      }, RELOAD_MS);
    },
  };
}
