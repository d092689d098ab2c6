import { test, afterEach } from 'vitest';
import { cdp, page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import { callPerson, callView, devicesView, pictureStream, you } from '../../../tests/fakes/call-view';
import type { CallView } from './view';
import CallPage from './Call.svelte';
import DeviceDialog from './DeviceDialog.svelte';
import MediaCheck from './MediaCheck.svelte';
import CallStart from './CallStart.svelte';
function screenStream() {
  const c = document.createElement('canvas'); c.width = 1280; c.height = 720;
  const p = c.getContext('2d')!; p.fillStyle = '#fff'; p.fillRect(0,0,1280,720); p.fillStyle='#222'; p.font='28px monospace';
  for (let i=0;i<16;i++) p.fillText('const line'+i+' = the quick brown fox jumps over the lazy dog;', 40, 60+i*40);
  return c.captureStream();
}
const SIZES = [[320,568],[390,844],[844,390],[1280,800]] as const;
const mk: Record<string, () => Partial<CallView>> = {
  ring: () => ({ stage: { at:'asked', by:'Ada Lovelace', hasPicture:true }, people: [] }),
  voice: () => ({ people: [you({isMuted:true}), callPerson({isSpeaking:true})], isMuted:true, levelOf: () => 0.5 }),
  one: () => ({ people: [you({camera:pictureStream('#667')}), callPerson({camera:pictureStream(), quality:'weak-own'})], hasCamera:true, levelOf: () => 0.4 }),
  screen: () => ({ people: [you({camera:pictureStream('#667')}), callPerson({camera:pictureStream(), screen: screenStream(), isSpeaking:true}), callPerson({id:'bo',name:'Bo',isMuted:true, link:'reconnecting'})], hasCamera:true, isSealed:false }),
  four: () => ({ people: [you({camera:pictureStream('#667')}), callPerson({camera:pictureStream(), isSpeaking:true}), callPerson({id:'bo',name:'Bo',isMuted:true}), callPerson({id:'cy',name:'Cyrus the Great of a Long Name',camera:pictureStream('#866')})], hasCamera:true, isSharing:false }),
  calling: () => ({ stage:{at:'calling',isRinging:true}, people:[you()] }),
};
afterEach(() => document.body.replaceChildren());
const settle = () => new Promise<void>((r) => { let n = 0; const f = () => (++n > 40 ? r() : requestAnimationFrame(f)); f(); });
for (const scheme of ['light','dark']) for (const [w,h] of SIZES) test(`${scheme} ${w}`, async () => {
  await (cdp() as any).send('Emulation.setEmulatedMedia', { features: [{ name:'prefers-color-scheme', value: scheme }] });
  await page.viewport(w,h);
  for (const [name, over] of Object.entries(mk)) {
    const frame = document.createElement('div'); frame.style.blockSize='100dvb'; document.body.append(frame);
    const s = await render(CallPage, { target: frame, props: { call: callView(over()), onchat: () => {}, unread: 3 } });
    await settle();
    await page.screenshot({ path: `/work/main/test-results/shots/${name}-${w}-${scheme}.png` });
    if (name === 'one') {
      await page.getByRole('button',{name:/Connection with/}).click(); await settle();
      await page.screenshot({ path: `/work/main/test-results/shots/figures-${w}-${scheme}.png` });
      await page.getByRole('button',{name:'More', exact:true}).click(); await settle();
      await page.screenshot({ path: `/work/main/test-results/shots/more-${w}-${scheme}.png` });
    }
    await s.unmount(); frame.remove();
  }
  const preview = { camera: pictureStream(), level: () => 0.5, trouble: null };
  const m = await render(MediaCheck, { devices: devicesView({ preview }) });
  await settle(); await page.screenshot({ path: `/work/main/test-results/shots/check-${w}-${scheme}.png` }); await m.unmount();
  const c = await render(CallStart, { onstart: () => {} });
  await settle(); await page.screenshot({ path: `/work/main/test-results/shots/start-${w}-${scheme}.png` }); await c.unmount();
  const d = await render(DeviceDialog, { devices: devicesView({isBlurred:true}), isOpen: true, onclose: () => {}, levelOf: () => 0.6 });
  await settle(); await page.screenshot({ path: `/work/main/test-results/shots/devices-${w}-${scheme}.png` }); await d.unmount();
});
