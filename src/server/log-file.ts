import { mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import roll from 'pino-roll';
import { AT_ONCE, LogStream, type Sink } from './log-stream';

/** How much of the past there is (SERVER, log modes). */
export type Rotation = { fileBytes: number; files: number; ageMs: number; everyMs: number };

const DAY_MS = 24 * 3_600_000;
const ROTATION: Rotation = {
  fileBytes: 10_000_000,
  files: 5,
  ageMs: 7 * DAY_MS,
  // Where little is written, five files of two days reach back as far as seven days allow.
  everyMs: 2 * DAY_MS,
};
/** A file outstays its time by no more than this. */
const SWEEP_EVERY_MS = 3_600_000;

/**
 * The log in files beside `path`: for `parley.log` they are `parley.2026-01-31.1.log` and so on. Another begins when one
 * is full, and every two days. Rejects when the first cannot be opened.
 */
export async function openLogFile(path: string, rotation: Rotation = ROTATION): Promise<LogStream> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const open = () => openFile(path, rotation);
  return new LogStream(`LOG_FILE ${path}`, await open(), open);
}

async function openFile(path: string, rotation: Rotation): Promise<Sink> {
  const sink = await roll({
    file: path,
    size: `${rotation.fileBytes}b`,
    frequency: rotation.everyMs,
    dateFormat: 'yyyy-MM-dd',
    mode: 0o600,
    ...AT_ONCE,
  });
  // pino-roll's own limit forgets the files of earlier runs, or takes another program's `parley-2.log` for ours.
  const sweep = (): void => {
    removeOld(path, rotation).catch((cause: unknown) => sink.emit('error', cause));
  };
  // At the start, and with each new file.
  sink.on('ready', sweep);
  const sweeping = setInterval(sweep, SWEEP_EVERY_MS);
  sweeping.unref();
  sink.once('close', () => clearInterval(sweeping));
  return sink;
}

/** Keeps the newest files that are young enough, and always the newest of all, which is in use. */
async function removeOld(path: string, { files, ageMs }: Rotation): Promise<void> {
  const folder = dirname(path);
  const name = new RegExp(`^${basename(path, '.log')}\\.(\\d{4}-\\d\\d-\\d\\d)\\.(\\d+)\\.log$`);
  const ours = (await readdir(folder)).flatMap((file) => {
    const [, day, number] = name.exec(file) ?? [];
    return day === undefined ? [] : [{ file, day, number: Number(number) }];
  });
  ours.sort((a, b) => b.day.localeCompare(a.day) || b.number - a.number);
  for (const [index, { file, day }] of ours.entries()) {
    // The day of the first line, or the one before where clocks are behind UTC: no line is kept too long.
    const isOld = Date.now() - Date.parse(day) > ageMs;
    if (index >= files || (index > 0 && isOld)) await rm(join(folder, file), { force: true });
  }
}
