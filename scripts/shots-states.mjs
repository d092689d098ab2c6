/**
 * How each state that `shots.mjs` takes is reached: by real people in real browsers (shots-people.mjs). Each group stands
 * for itself.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'vite';
import { hostParley, launchBrowser, startParley } from '../bench/support.mjs';
import { connected, join, meet, newPerson, press, rename, say } from './shots-people.mjs';

/**
 * @typedef {import('./shots-people.mjs').Stage} Stage
 * @typedef {{ names: string[], take: (stage: Stage) => Promise<void> }} State
 */

const PAGES = [
  'how-it-works',
  'what-our-server-sees',
  'connection-help',
  'settings',
  'share',
  'glossary',
  'privacy',
  'safety',
  'faq',
  'accessibility',
];

/** @type {State} */
const home = {
  names: ['home-new', 'home-meetings', 'home-menu', 'home-offline', 'settings-lock', 'home-locked'],
  async take(stage) {
    const { parley, shoot } = stage;
    const page = await newPerson(stage);
    await page.goto(parley.url);
    await page.getByRole('img').or(page.locator('figure')).first().waitFor();
    await shoot('home-new', page, { isLong: true });

    const other = await newPerson(stage);
    const links = [];
    for (const name of ['Tuesday lesson', 'Dr Okafor, consultations with family from three countries']) {
      links.push(await hostParley(other, parley.url));
      await rename(other, name);
    }
    for (const name of ['Client line', 'The roof']) {
      await hostParley(page, parley.url);
      await rename(page, name);
    }
    for (const link of links) {
      await join(page, link);
      await page
        .getByText(/Waiting for the host|Conversation/)
        .or(page.getByRole('log'))
        .first()
        .waitFor();
    }
    await page.goto(parley.url);
    const list = page.getByRole('list', { name: 'Your meetings' });
    await list.getByText('Host is here', { exact: true }).first().waitFor();
    await shoot('home-meetings', page, { isLong: true });
    await press(page, 'More for The roof');
    await shoot('home-menu', page);
    await page.keyboard.press('Escape');
    await page.context().setOffline(true);
    await list.getByText('Offline', { exact: true }).first().waitFor();
    await shoot('home-offline', page);
    await page.context().setOffline(false);

    await page.goto(`${parley.url}/settings`);
    await press(page, 'Lock with a passphrase');
    const dialog = page.getByRole('dialog');
    await shoot('settings-lock', page);
    await dialog.getByLabel('Passphrase', { exact: true }).fill('seven quiet rivers under ice');
    await dialog.getByLabel('Once more').fill('seven quiet rivers under ice');
    await dialog.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByRole('button', { name: 'Lock now' }).click();
    await page.goto(parley.url);
    await page.getByRole('button', { name: 'Unlock', exact: true }).waitFor();
    await shoot('home-locked', page);
    await Promise.all([page, other].map((one) => one.context().close()));
  },
};

/** @type {State} */
const pages = {
  names: [...PAGES.map((name) => `page-${name}`), 'error-no-page', 'error-broken-link', 'error-old-browser'],
  async take(stage) {
    const { parley, shoot } = stage;
    const page = await newPerson(stage);
    for (const name of PAGES) {
      await page.goto(`${parley.url}/${name}`, { waitUntil: 'networkidle' });
      await shoot(`page-${name}`, page, { isLong: true });
    }
    await page.goto(`${parley.url}/nowhere`, { waitUntil: 'networkidle' });
    await shoot('error-no-page', page);
    await page.goto(`${parley.url}/m#abc`);
    await page.getByRole('alert').waitFor();
    await shoot('error-broken-link', page);
    const old = await newPerson(stage);
    await old.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'));
    await old.goto(`${parley.url}/m#new`);
    await old.getByRole('alert').waitFor();
    await shoot('error-old-browser', old);
    await Promise.all([page, old].map((one) => one.context().close()));
  },
};

/** @type {State} */
const door = {
  names: [
    'host-alone',
    'host-code',
    'guest-prejoin',
    'guest-waiting',
    'guest-lobby',
    'host-lobby',
    'guest-refused',
  ],
  async take(stage) {
    const { parley, shoot } = stage;
    const host = await newPerson(stage);
    const guest = await newPerson(stage);
    const link = await hostParley(host, parley.url);
    await rename(host, 'Dr Okafor, consultations');
    await shoot('host-alone', host);
    await press(host, 'Show QR code');
    await shoot('host-code', host);
    await press(host, 'Close');
    await host.getByRole('checkbox', { name: 'Ask me before anyone comes in' }).check();
    await guest.goto(link);
    await guest.getByText(/host is here/i).waitFor();
    await shoot('guest-prejoin', guest, { isLong: true });
    await guest.getByRole('textbox', { name: 'Your name' }).fill('Grace');
    await press(guest, 'Join');
    await guest.getByText('Asking the host').first().waitFor();
    await host.getByRole('button', { name: 'Admit Grace' }).waitFor();
    await shoot('guest-lobby', guest);
    await shoot('host-lobby', host);
    await press(host, 'Turn away Grace');
    await guest.getByRole('alert').waitFor();
    await shoot('guest-refused', guest);
    const late = await newPerson(stage);
    await press(host, 'Leave');
    await join(late, link);
    await late.getByText('Waiting for the host').first().waitFor();
    await shoot('guest-waiting', late);
    await Promise.all([host, guest, late].map((one) => one.context().close()));
  },
};

/** @type {State} */
const talk = {
  names: [
    'talk-empty',
    'talk-chat',
    'talk-picker',
    'talk-writing',
    'talk-details',
    'talk-files',
    'talk-received',
    'end-left',
    'host-retire',
    'end-retired',
    'end-gone',
  ],
  async take(stage) {
    const { shoot } = stage;
    const { host, guest } = await meet(stage);
    await shoot('talk-empty', host);
    await say(guest, 'Hi Ada, did the photographs of the roof come through?');
    await say(guest, 'Twelve of them, about 3 MB each.');
    await host.getByRole('log').getByText('Twelve of them').waitFor();
    await say(
      host,
      'All twelve, thank you. The left side looks worse than I thought, and the gutter has come away along the whole length of the wall.',
    );
    await say(
      host,
      'Have a look at https://example.org/reports/2026/roof?section=left-side&photograph=11 before Thursday',
    );
    await guest.getByRole('log').getByText('before Thursday').waitFor();
    await say(
      guest,
      'The script was `npm run report`, wasn’t it?\n```\nconst slope = Math.atan(height / run);\nconsole.log(slope.toFixed(3));\n```',
    );
    const first = host.getByRole('article', { name: /^Grace/ }).filter({ hasText: 'Twelve of them' });
    await first.hover();
    await first.getByRole('button', { name: 'Reply' }).click();
    await say(host, 'I have them all now 👍');
    await first.hover();
    await first.getByRole('button', { name: 'React' }).click();
    await shoot('talk-picker', host);
    await host
      .getByRole('button', { name: 'Celebration' })
      .or(host.getByRole('toolbar').getByRole('button').nth(3))
      .first()
      .click();
    await guest.getByRole('log').getByText('I have them all').waitFor();
    await host.getByRole('textbox', { name: 'Message' }).hover();
    await shoot('talk-chat', host);
    await first.hover();
    await first.getByRole('button', { name: 'Reply' }).click();
    await host
      .getByRole('textbox', { name: 'Message' })
      .fill('One thing still:\nwho brings the ladder?\nAnd at what time?');
    await shoot('talk-writing', host);
    await host.keyboard.press('Escape');
    await host.getByRole('textbox', { name: 'Message' }).fill('');

    await guest.getByRole('button', { name: 'Attach files' }).waitFor();
    const picture = await guest.screenshot();
    await guest
      .getByLabel('Attach files')
      .last()
      .setInputFiles([
        { name: 'roof-left-side.png', mimeType: 'image/png', buffer: picture },
        {
          name: 'Estimate for the whole roof, second version, with the gutter and the chimney.pdf',
          mimeType: 'application/pdf',
          buffer: randomBytes(2_300_000),
        },
        { name: 'survey.zip', mimeType: 'application/zip', buffer: randomBytes(40_000_000) },
      ]);
    await host.getByRole('button', { name: 'Accept roof-left-side.png' }).waitFor();
    await press(host, 'Accept survey.zip');
    await press(host, 'Pause survey.zip');
    await shoot('talk-files', host);
    await press(host, 'Accept roof-left-side.png');
    await host.getByRole('button', { name: 'Save roof-left-side.png' }).waitFor();
    await host.getByRole('img', { name: /roof-left-side/ }).waitFor();
    await shoot('talk-received', host);
    await press(host, 'Cancel survey.zip');
    await press(guest, 'Leave');
    await shoot('end-left', guest);

    await host.setViewportSize({ width: 390, height: 844 });
    await press(host, 'People and details');
    await shoot('talk-details', host);
    await host.setViewportSize({ width: 1280, height: 800 });
    await press(host, 'Retire meeting');
    await shoot('host-retire', host);
    await press(host, 'Retire');
    await host.getByText('You retired this meeting').waitFor();
    await shoot('end-retired', host);
    await press(guest, 'Open again');
    const again = guest.getByRole('button', { name: 'Join', exact: true });
    await again.or(guest.getByRole('alert')).first().waitFor();
    if (await again.isVisible()) {
      await guest.getByRole('textbox', { name: 'Your name' }).fill('Grace');
      await again.click();
    }
    await guest.getByRole('alert').waitFor();
    await shoot('end-gone', guest);
    await Promise.all([host, guest].map((one) => one.context().close()));
  },
};

/** @type {State} */
const call = {
  names: ['call-ring', 'call-video', 'call-alone', 'call-voice', 'call-screen', 'call-more', 'call-devices'],
  async take(stage) {
    const { shoot } = stage;
    const { host, guest } = await meet(stage);
    await press(host, 'Start video');
    await guest.getByRole('button', { name: 'Accept', exact: true }).waitFor();
    await shoot('call-ring', guest);
    await shoot('call-alone', host);
    await guest.getByRole('checkbox', { name: /camera/i }).check();
    await press(guest, 'Accept');
    await host.getByRole('group', { name: "Grace's video" }).locator('video').waitFor();
    await say(guest, 'I can see you.');
    /** @param {import('./shots-people.mjs').Page} page */
    const wake = async (page) => {
      await page.mouse.move(200, 300);
      await page.mouse.move(260, 320);
    };
    await wake(host);
    await shoot('call-video', host);
    await wake(host);
    await press(host, 'Devices');
    await shoot('call-devices', host);
    await host.keyboard.press('Escape');
    await wake(host);
    await host.getByRole('button', { name: 'More', exact: true }).click();
    await shoot('call-more', host);
    await host.keyboard.press('Escape');
    await wake(host);
    await press(host, 'Share screen');
    await guest.getByRole('group', { name: "the host's screen" }).locator('video').waitFor();
    await wake(guest);
    await shoot('call-screen', guest);
    await wake(host);
    await press(host, 'Stop sharing');
    await wake(host);
    await press(host, 'Stop video');
    await wake(guest);
    await press(guest, 'Stop video');
    await wake(guest);
    await shoot('call-voice', guest);
    await Promise.all([host, guest].map((one) => one.context().close()));
  },
};

/** Both the server and the other person gone: a server and a browser of its own, to be stopped. @type {State} */
const wobble = {
  names: ['talk-reconnecting'],
  async take(stage) {
    const { shoot } = stage;
    const parley = await startParley();
    const other = await launchBrowser();
    const host = await newPerson(stage);
    const guest = await newPerson({ ...stage, browser: other });
    const link = await hostParley(host, parley.url);
    await rename(host, 'The roof');
    await join(guest, link);
    await Promise.all([connected(host), connected(guest)]);
    await say(guest, 'I am going into the tunnel now.');
    await host.getByRole('log').getByText('into the tunnel').waitFor();
    await parley.close();
    await other.close();
    await host.getByText('Reconnecting').first().waitFor();
    await shoot('talk-reconnecting', host);
    await host.context().close();
  },
};

/** `npm run dev` serves it: it is no part of the build. @type {State} */
const gallery = {
  names: ['gallery', 'gallery-contrast'],
  async take(stage) {
    const server = await createServer({ server: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
    await server.listen();
    const [address] = server.resolvedUrls?.local ?? [];
    const page = await newPerson(stage);
    await page.goto(`${address}gallery`);
    await page.getByRole('heading', { name: 'Components' }).waitFor();
    await stage.shoot('gallery', page, { isLong: true });
    await page.emulateMedia({ contrast: 'more' });
    await stage.shoot('gallery-contrast', page, { isLong: true });
    await page.context().close();
    await server.close();
  },
};

/** Whose browser has letters twice as large. @type {State} */
const large = {
  names: ['large-alone', 'large-chat', 'large-home'],
  async take(stage) {
    const own = await launchBrowser(['--blink-settings=defaultFontSize=32']);
    const { parley, shoot } = stage;
    const host = await newPerson({ ...stage, browser: own });
    const link = await hostParley(host, parley.url);
    await shoot('large-alone', host);
    const guest = await newPerson(stage);
    await join(guest, link);
    await Promise.all([connected(host), connected(guest)]);
    await say(guest, 'Are these letters large enough?');
    await host.getByRole('log').getByText('large enough').waitFor();
    await say(host, 'Yes, I read all of it without my glasses.');
    await shoot('large-chat', host);
    await host.goto(parley.url);
    await host.getByRole('list', { name: 'Your meetings' }).waitFor();
    await shoot('large-home', host, { isLong: true });
    await own.close();
    await guest.context().close();
  },
};

/** @type {State[]} */
export const STATES = [gallery, home, pages, door, talk, large, call, wobble];
