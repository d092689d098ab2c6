/** A service worker is named by the SHA-256 of its bytes (scripts/release.mjs), so each version has its own address. */
const NAME = /service-worker\.[0-9a-f]{32}\.js/;
const WHOLE_PATH = new RegExp(`^/${NAME.source}$`);

/** Made once: the content security policy refuses a second policy of the same name. */
const policy = createPolicy();

type PolicyFactory = {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
};

/** The address of the service worker that a text names, a list or an address, or `null`. */
export const workerIn = (text: string): string | null => {
  const name = NAME.exec(text)?.[0];
  return name === undefined ? null : `/${name}`;
};

/**
 * Registers the service worker of one version, past the HTTP cache. `register` takes a string or, under the policy of
 * the page, only a TrustedScriptURL. TypeScript's library has no such type yet; the browser's object stands for the
 * string. Only names of service workers of ours come through.
 */
export const register = (
  container: Pick<ServiceWorkerContainer, 'register'>,
  path: string,
): Promise<ServiceWorkerRegistration> =>
  container.register(policy?.createScriptURL(path) ?? path, { updateViaCache: 'none' });

function createPolicy(): ReturnType<PolicyFactory['createPolicy']> | undefined {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  return factory?.createPolicy('parley-service-worker', {
    createScriptURL: (path) => {
      if (!WHOLE_PATH.test(path)) throw new TypeError('Not the service worker of this app');
      return path;
    },
  });
}
