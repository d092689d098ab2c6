import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What Linux counts for a process (proc(5)). A tick is 10 ms on every Linux there is (sysconf(_SC_CLK_TCK) is 100). */
const TICK_MS = 10;
const LOOK_EVERY_MS = 250;
/** Several keep-alives (5 s) long: what they leave behind has been collected, or shows as growth. */
const QUIET_MS = 15_000;
/** A heap that grows until its next collection takes a minute or two for it. */
const PATIENCE_MS = 180_000;
/** A page here and there is no growth. */
const HIGHER = 1.005;

/**
 * CPU that the process has used since it began: user and system, all its threads.
 * @param {number} pid
 */
export function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets and may hold blanks; after it the state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** @param {number} pid */
export function residentBytes(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`Process ${pid} names no VmRSS.`);
  return Number(kib) * 1024;
}

/** @param {number} pid */
export function openFiles(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/**
 * The most memory that a process holds which has nothing new to do: the highest reading, once none was higher for a
 * while. Garbage that it makes by standing still is thereby counted as what it is, memory that the machine must have.
 * @param {number} pid
 */
export async function highestBytes(pid) {
  const startMs = performance.now();
  let highest = residentBytes(pid);
  let highestAtMs = startMs;
  for (;;) {
    const nowMs = performance.now();
    if (nowMs - highestAtMs > QUIET_MS || nowMs - startMs > PATIENCE_MS) return highest;
    await pause(LOOK_EVERY_MS);
    const bytes = residentBytes(pid);
    if (bytes > highest * HIGHER) highestAtMs = performance.now();
    highest = Math.max(highest, bytes);
  }
}

/**
 * The share of one core that the process takes over so long a time.
 * @param {number} pid
 * @param {number} windowMs
 */
export async function cpuShare(pid, windowMs) {
  const [beforeMs, startMs] = [cpuMs(pid), performance.now()];
  await pause(windowMs);
  return (cpuMs(pid) - beforeMs) / (performance.now() - startMs);
}

/** CPU that all processes together have used, and what a hypervisor took away meanwhile (proc(5), /proc/stat). */
export function machineCpuMs() {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_MS;
}

/** What a process writes that was told to collect (collect.mjs). */
export const COLLECTED = 'all rubbish is collected\n';

/** Sockets that a process here can have, beside what it has open anyway: nobody without privileges may raise that. */
export function mostSockets() {
  const limit = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Number(limit ?? Infinity) - 100;
}
