import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from './log';
import { openLogFile, type Rotation } from './log-file';
import type { LogStream } from './log-stream';

const DAY_MS = 24 * 3_600_000;
const WIDE: Rotation = { fileBytes: 1_000_000, files: 5, ageMs: 7 * DAY_MS, everyMs: 2 * DAY_MS };

let folder: string;
let streams: LogStream[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-log-'));
});
afterEach(() => {
  for (const stream of streams) stream.close();
  streams = [];
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

async function open(rotation: Partial<Rotation> = {}, path = join(folder, 'parley.log')): Promise<LogStream> {
  const stream = await openLogFile(path, { ...WIDE, ...rotation });
  streams.push(stream);
  return stream;
}

/** In the order in which they were begun. */
const names = () => readdirSync(folder).sort(new Intl.Collator('en', { numeric: true }).compare);
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
/** The day that a file which is opened now is named after: that of the period, as this machine's clock shows it. */
function today(everyMs = WIDE.everyMs): string {
  const day = new Date(Math.floor(Date.now() / everyMs) * everyMs);
  return day.toLocaleDateString('sv-SE');
}
const dayAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toLocaleDateString('sv-SE');

test('lines are in the file at once, which is nobody else’s to read', async () => {
  const path = join(folder, 'deep', 'er', 'parley.log');
  const log = createLog('normal', await open({}, path));
  log.event('claimed', '192.0.2.77');
  const file = join(folder, 'deep', 'er', `parley.${today()}.1.log`);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ event: 'claimed', address: '192.0.2.0' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
});

test('a full file is followed by another, the oldest go, and no line is lost or cut on the way', async () => {
  const log = await open({ fileBytes: 1_000, files: 3 });
  const newest = () => names().at(-1) ?? '';
  for (let i = 0; i < 100; i++) {
    const before = newest();
    log.write(`${JSON.stringify({ i, filler: 'x'.repeat(80) })}\n`);
    // Files change between turns of the event loop, as they do between requests.
    if (statSync(join(folder, before)).size >= 1_000) {
      await expect.poll(newest, { interval: 5 }).not.toBe(before);
    }
  }
  await expect.poll(() => names().length, { interval: 5 }).toBe(3);
  const kept = names().map(text);
  for (const one of kept) expect(one.length).toBeLessThan(1_200);
  const numbers = kept.flatMap((one) =>
    one
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { i: number }).i),
  );
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, k) => 100 - numbers.length + k));
  expect(numbers.length).toBeGreaterThanOrEqual(20);
});

test('time ends a file too', async () => {
  const log = await open({ everyMs: 200 });
  log.write('first\n');
  await expect.poll(() => names().length, { interval: 20 }).toBeGreaterThan(1);
  log.write('second\n');
  const [first = ''] = names();
  expect(text(first)).toBe('first\n');
});

test('a process that starts again goes on where the one before ended', async () => {
  const first = await open();
  first.write('one\n');
  first.close();
  (await open()).write('two\n');
  expect(names()).toEqual([`parley.${today()}.1.log`]);
  expect(text(names()[0] ?? '')).toBe('one\ntwo\n');
});

test('at the start what is too old or too much goes, of our own files alone', async () => {
  const theirs = [
    'parley.log',
    'parley.1.log',
    'parley-2.log',
    'parley.old.1.log',
    `parley.${dayAgo(30)}.1.log.gz`,
    `parley-two.${dayAgo(30)}.1.log`,
    `my.parley.${dayAgo(30)}.1.log`,
    `parleyx${dayAgo(30)}.1.log`,
  ];
  const old = [`parley.${dayAgo(8)}.1.log`, `parley.${dayAgo(400)}.12.log`];
  const young = [3, 4, 5].map((days) => `parley.${dayAgo(days)}.1.log`);
  for (const name of [...theirs, ...old, ...young]) writeFileSync(join(folder, name), '');
  // Ours only by name: what is inside a folder is not for us to remove.
  mkdirSync(join(folder, `parley.${dayAgo(9)}.1.logs`));
  const first = await open();
  const others = [...theirs, `parley.${dayAgo(9)}.1.logs`];
  const current = expect.stringMatching(new RegExp(`^parley\\.${today()}\\.\\d+\\.log$`)) as string;
  await expect.poll(names, { interval: 5 }).toEqual(expect.arrayContaining([...others, ...young, current]));
  await expect.poll(() => names().length, { interval: 5 }).toBe(others.length + young.length + 1);
  first.close();
  await open({ files: 2 });
  await expect.poll(() => names().length, { interval: 5 }).toBe(others.length + 2);
  expect(names()).toEqual(expect.arrayContaining([...others, young[0], current]));
});

test('what grows old while the server runs goes too', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const left = [`parley.${today()}.1.log`];
    for (const look of [() => open(), () => vi.advanceTimersByTimeAsync(3_600_000)]) {
      writeFileSync(join(folder, `parley.${dayAgo(8)}.1.log`), '');
      await look();
      await expect.poll(names, { interval: 5 }).toEqual(left);
    }
  } finally {
    vi.useRealTimers();
  }
});

test('a folder or file that cannot be is an error at once', async () => {
  await expect(open({}, '/dev/null/logs/parley.log')).rejects.toMatchObject({ code: 'ENOTDIR' });
  mkdirSync(join(folder, `parley.${today()}.1.log`));
  await expect(open()).rejects.toMatchObject({ code: 'EISDIR' });
});

test('a disk that is full costs the lines of that time, is said once, and is forgotten when there is room', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const opened = vi.spyOn(fs, 'openSync');
  const file = `parley.${today()}.1.log`;
  symlinkSync('/dev/full', join(folder, file));
  const log = createLog('normal', await open());
  for (let i = 0; i < 2_000; i++) log.event('bad-message', '192.0.2.77');
  // Through the next attempts too, at which nothing has changed.
  await expect.poll(() => opened.mock.calls.length).toBeGreaterThan(2);
  expect(said.mock.calls).toEqual([
    [`LOG_FILE ${join(folder, 'parley.log')} cannot be written (ENOSPC). The server goes on.\n`],
  ]);
  rmSync(join(folder, file));
  await expect.poll(names).toContain(file);
  log.event('claimed', '192.0.2.77');
  expect(JSON.parse(text(file))).toMatchObject({ event: 'claimed' });
});

test('where the next file cannot be opened it is tried again', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const log = await open({ fileBytes: 100 });
  const line = `${'x'.repeat(119)}\n`;
  const [first, second, third] = [1, 2, 3].map((number) => `parley.${today()}.${number}.log`) as [
    string,
    string,
    string,
  ];
  mkdirSync(join(folder, second));
  log.write(line);
  await expect.poll(() => said.mock.calls.flat().join()).toContain('cannot be written (EISDIR)');
  rmdirSync(join(folder, second));
  // It is full, so the first line ends it.
  await expect
    .poll(() => {
      log.write(line);
      return names();
    })
    .toContain(third);
  expect(text(first)).toMatch(/^x{119}\n+$/);
  expect(text(second)).toContain(line);
});
