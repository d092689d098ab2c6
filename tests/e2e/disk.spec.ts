import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { found } from '../support/needles';
import {
  createMeeting,
  expect,
  expectConnected,
  expectHeard,
  joinMeeting,
  say,
  test,
  Visitor,
} from './journey';
import { lockWith } from './kept';

const MEETING = 'Quarterly zebra consultation';
const MESSAGE = 'the walnut harvest is on the ninth';
const PASSPHRASE = 'lantern walnut cloud river';

/** Every file below a folder, by its path in it. */
function filesOf(folder: string): Record<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length), readFileSync(path)]),
  );
}

test('on the disk of a locked device there is no name, no link and no message', async ({
  playwright,
  browserName,
  launchOptions,
  server,
  guest,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-profile-'));
  const context = await playwright[browserName].launchPersistentContext(folder, {
    ...launchOptions,
    baseURL: server.url,
    locale: 'en-GB',
  });
  const host = new Visitor(context, await context.newPage(), []);
  const link = await createMeeting(host);
  await host.page.getByRole('button', { name: 'Rename', exact: true }).click();
  const dialog = host.page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Meeting name' }).fill(MEETING);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  await host.page.getByRole('checkbox', { name: 'Keep the conversation' }).check();
  await say(guest, MESSAGE);
  await expectHeard(host, MESSAGE);

  await lockWith(host.page, PASSPHRASE);
  await context.close();

  const fragment = link.slice(-68);
  const needles = {
    'the name of the meeting': Buffer.from(MEETING),
    'a message': Buffer.from(MESSAGE),
    'the passphrase': Buffer.from(PASSPHRASE),
    'the link': Buffer.from(fragment),
    'the secret': Buffer.from(fragment, 'base64url').subarray(17, 49),
  };
  const files = filesOf(folder);
  expect(Object.keys(files).filter((path) => path.includes('IndexedDB')).length).toBeGreaterThan(0);
  expect(found(needles, files)).toEqual([]);
  rmSync(folder, { recursive: true });
});
