/**
 * Loaded before a process's own code (`node --import`): its calendar clock is off by as many milliseconds as the file
 * named by CLOCK_OFFSET_FILE says at the time of the last SIGUSR2. How time passes is left as it is.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

const now = Date.now.bind(Date);
let offsetMs = 0;
Date.now = () => now() + offsetMs;
process.on('SIGUSR2', () => {
  offsetMs = Number(readFileSync(process.env['CLOCK_OFFSET_FILE'] ?? '', 'utf8'));
});
