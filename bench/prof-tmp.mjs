import { hostParley, launchBrowser, startParley } from './support.mjs';
import { writeFileSync } from 'node:fs';
const WINDOW = ['--window-size=1280,900'];
const N = Number(process.argv[2] ?? 5000);
const parley = await startParley();
const [hosts, guests] = [await launchBrowser(WINDOW), await launchBrowser()];
const ctx = await hosts.newContext({ viewport: null });
const host = await ctx.newPage();
const guest = await guests.newPage();
const link = await hostParley(host, parley.url);
await guest.goto(link);
await guest.getByRole('textbox', { name: 'Your name' }).fill('Grace');
await guest.getByRole('button', { name: 'Join' }).click();
await guest.getByRole('textbox', { name: 'Message' }).waitFor();
await guest.getByRole('textbox', { name: 'Message' }).evaluate(async (box, end) => {
  for (let number = 0; number < end; number++) {
    box.value = `Message ${number}. ${'Some are longer than others. '.repeat(number % 7)}`;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.form?.requestSubmit();
    if (number % 20 === 0) await new Promise((n) => setTimeout(n, 20));
  }
}, N);
const log = host.getByRole('log', { name: 'Conversation' });
await log.getByText(`Message ${N - 1}.`).waitFor({ timeout: 120000 });
const box = host.getByRole('textbox', { name: 'Message' });
const session = await ctx.newCDPSession(host);
await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
const rest = (page) => page.evaluate(async () => {
  for (let f = 0; f < 5; f++) await new Promise((n) => requestAnimationFrame(n));
  await new Promise((n) => requestIdleCallback(n));
});
async function press(times, ...keys) { for (let i = 0; i < times; i++) for (const k of keys) { await host.keyboard.press(k); await rest(host); } }
await host.evaluate(() => {
  globalThis.happ = [];
  new PerformanceObserver((l) => { for (const e of l.getEntries()) if (e.interactionId > 0) happ.push({ id: e.interactionId, name: e.name, d: e.duration, input: Math.round(e.processingStart - e.startTime), proc: Math.round(e.processingEnd - e.processingStart), present: Math.round(e.startTime + e.duration - e.processingEnd) }); }).observe({ type: 'event', durationThreshold: 16 });
});
const parts = {
  send: async () => { await box.click(); await press(6, 'a', 'Enter'); },
  pagekeys: async () => { await log.focus(); await press(10, 'PageUp'); await press(10, 'PageDown'); },
  homeend: async () => { await log.focus(); await press(4, 'Home', 'End'); },
  arrows: async () => { await log.getByRole('article').last().focus(); await press(25, 'ArrowUp'); },
};
for (const [name, act] of Object.entries(parts)) {
  await host.evaluate(() => { happ = []; });
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'blink.user_timing', 'v8'] } });
  await act();
  await rest(host);
  const done = new Promise((r) => session.once('Tracing.tracingComplete', r));
  await session.send('Tracing.end'); await done;
  session.removeAllListeners('Tracing.dataCollected');
  const mine = events.filter((e) => e.ph === 'X' && e.dur);
  const threads = {};
  for (const e of mine) (threads[`${e.pid}:${e.tid}`] ??= []).push(e);
  const main = Object.values(threads).sort((a, b) => b.reduce((s, e) => s + e.dur, 0) - a.reduce((s, e) => s + e.dur, 0))[0];
  const sum = {};
  for (const e of main) { const k = e.name; (sum[k] ??= [0, 0, 0]); sum[k][0] += e.dur / 1000; sum[k][1]++; sum[k][2] = Math.max(sum[k][2], e.dur / 1000); }
  const hs = await host.evaluate(() => happ); const longest = new Map(); for (const h of hs) if (h.d > (longest.get(h.id)?.d ?? 0)) longest.set(h.id, h);
  const ds = [...longest.values()].sort((a, b) => b.d - a.d);
  console.log('##', name, ds.slice(0, 12).map((h) => `${h.d}(${h.input}+${h.proc}+${h.present})`).join(' '));
  console.log(Object.entries(sum).sort((a, b) => b[1][0] - a[1][0]).slice(0, 9).map(([k, v]) => `   ${k} total ${v[0].toFixed(0)} n ${v[1]} max ${v[2].toFixed(0)}`).join(';'));
}
await hosts.close(); await guests.close(); await parley.close();
