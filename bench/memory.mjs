import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The kernel keeps 15 characters of a thread's name. */
const WORKER_THREAD = 'DedicatedWorker';

/** Memory of the process that runs one page and its dedicated workers, as Linux counts it (proc(5), /proc/PID/status). */
export class RendererMemory {
  #pid;

  /** @param {number} pid */
  constructor(pid) {
    this.#pid = pid;
  }

  /**
   * The process in which a page with a dedicated worker runs: the one renderer that has such a thread.
   * @param {import('@playwright/test').BrowserContext} context with no other such page
   */
  static async withWorker(context) {
    const browser = context.browser();
    if (browser === null) throw new Error('This context has no browser to ask.');
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const found = processInfo.filter(
      ({ type, id }) => type === 'renderer' && threads(id).includes(WORKER_THREAD),
    );
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new Error(`${found.length} processes have a worker, not one.`);
    return new RendererMemory(only.id);
  }

  residentMib() {
    return this.#read('VmRSS');
  }

  /** The highest since the process began or since `forgetPeak`. */
  peakMib() {
    return this.#read('VmHWM');
  }

  forgetPeak() {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5');
  }

  /** @param {string} field */
  #read(field) {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kib === undefined) throw new Error(`The page's process names no ${field}.`);
    return Number(kib) / 1024;
  }
}

/**
 * @param {number} pid
 * @returns {string[]} the names of its threads
 */
function threads(pid) {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/comm`, 'utf8').trim());
}
