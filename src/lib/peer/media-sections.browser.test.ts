import { expect, onTestFinished, test, vi } from 'vitest';
import { MediaSections, type Tuning } from './media-sections';

const CAMERA: Tuning = { maxBitsPerS: 1_700_000, maxFramesPerS: 30, startsSmaller: 4, priority: 'low' };

/** One end of a connection with its sections, which another browser has answered. */
async function negotiated(): Promise<{ sections: MediaSections; sender: RTCRtpSender }> {
  const [own, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
  onTestFinished(() => [own, other].forEach((pc) => pc.close()));
  const sections = new MediaSections(own, { transform: () => null, received: () => undefined });
  sections.add();
  await own.setLocalDescription();
  await other.setRemoteDescription(own.localDescription ?? { type: 'offer' });
  await other.setLocalDescription();
  await own.setRemoteDescription(other.localDescription ?? { type: 'answer' });
  sections.settled();
  const sender = own
    .getSenders()
    .find((_, index) => own.getTransceivers()[index]?.receiver.track.kind === 'video');
  if (sender === undefined) throw new Error('no section for a camera');
  return { sections, sender };
}

function picture(): MediaStreamTrack {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  canvas.getContext('2d');
  const [track] = canvas.captureStream(30).getVideoTracks();
  if (track === undefined) throw new Error('no track');
  onTestFinished(() => track.stop());
  return track;
}

const encodingOf = (sender: RTCRtpSender): RTCRtpEncodingParameters | undefined =>
  sender.getParameters().encodings[0];

test('a picture begins small, tuned before there is one, and grows', async () => {
  const { sections, sender } = await negotiated();
  sections.send('camera', null, CAMERA);
  await expect
    .poll(() => encodingOf(sender))
    .toMatchObject({ maxBitrate: 1_700_000, scaleResolutionDownBy: 4 });

  const tune = vi.spyOn(sender, 'setParameters');
  sections.send('camera', picture(), CAMERA);
  expect(tune, 'nothing but the track is wanting').not.toHaveBeenCalled();
  await expect.poll(() => encodingOf(sender)?.scaleResolutionDownBy, { timeout: 4_000 }).toBe(1);
});

test('it stays large through whatever is negotiated, and is small again after it was off', async () => {
  const { sections, sender } = await negotiated();
  sections.send('camera', picture(), CAMERA);
  await expect.poll(() => encodingOf(sender)?.scaleResolutionDownBy, { timeout: 4_000 }).toBe(1);
  sections.settled();
  sections.send('camera', picture(), { ...CAMERA, maxBitsPerS: 250_000 });
  await expect
    .poll(() => encodingOf(sender))
    .toMatchObject({ maxBitrate: 250_000, scaleResolutionDownBy: 1 });
  sections.send('camera', null, CAMERA);
  await expect.poll(() => encodingOf(sender)?.scaleResolutionDownBy).toBe(4);
});

test('who takes the camera away before it has grown leaves it small', async () => {
  const { sections, sender } = await negotiated();
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  sections.send('camera', picture(), CAMERA);
  sections.send('camera', null, CAMERA);
  vi.advanceTimersByTime(5_000);
  vi.useRealTimers();
  await expect.poll(() => encodingOf(sender)?.scaleResolutionDownBy).toBe(4);
});
