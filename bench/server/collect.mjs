/** Loaded ahead of a server that is measured: on SIGUSR2 it collects all rubbish and says so, so that what is left is in use. */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { COLLECTED } from './process.mjs';

/** What one collection lets go of (finalizers, weak references) the next one collects. */
const TIMES = 3;

process.on('SIGUSR2', () => {
  for (let time = 0; time < TIMES; time++) globalThis.gc?.();
  writeSync(process.stdout.fd, COLLECTED);
});
