import { readFileSync, writeFileSync } from 'node:fs';

/** Memory of the process that runs one page and its dedicated workers, as Linux counts it (proc(5), /proc/PID/status). */
export class RendererMemory {
  #pid;

  /** @param {number} pid */
  constructor(pid) {
    this.#pid = pid;
  }

  /**
   * The page's own process is the renderer that grows busier while the page works; others are spare.
   * @param {import('@playwright/test').Page} page
   */
  static async of(page) {
    const browser = page.context().browser();
    if (browser === null) throw new Error('A page without a browser has no process.');
    const session = await browser.newBrowserCDPSession();
    const read = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo;
    const before = new Map((await read()).map(({ id, cpuTime }) => [id, cpuTime]));
    await page.evaluate(() => {
      const untilMs = performance.now() + 300;
      while (performance.now() < untilMs);
    });
    const renderers = (await read()).filter(({ type }) => type === 'renderer');
    const worked = renderers.map(({ id, cpuTime }) => ({ id, seconds: cpuTime - (before.get(id) ?? 0) }));
    const [busiest] = worked.sort((a, b) => b.seconds - a.seconds);
    await session.detach();
    if (busiest === undefined || busiest.seconds < 0.1) throw new Error('No process of this page was found.');
    return new RendererMemory(busiest.id);
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
