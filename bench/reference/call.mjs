/**
 * The bare call: WebRTC as a careful first example shows it. The connection stands, with one data channel; the caller has
 * camera and microphone open and sends an offer over the channel. It waits for Accept, which answers it; the microphone
 * at this end opens meanwhile. What brings the two together at first is left to whoever drives the pages (`globalThis.bare`).
 */

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

const accept = element('accept', HTMLButtonElement);
const video = element('video', HTMLVideoElement);
const pc = new RTCPeerConnection();
const talk = pc.createDataChannel('talk', { negotiated: true, id: 0 });
const opened = new Promise((resolve) => talk.addEventListener('open', resolve));

pc.addEventListener('track', ({ track, streams }) => {
  if (track.kind === 'video') video.srcObject = streams[0] ?? null;
});

talk.addEventListener('message', async ({ data }) => {
  const description = JSON.parse(data);
  if (description.type === 'answer') return pc.setRemoteDescription(description);
  accept.addEventListener('click', () => answer(description), { once: true });
  accept.hidden = false;
});

/** @param {RTCSessionDescriptionInit} offer */
async function answer(offer) {
  accept.hidden = true;
  const microphone = navigator.mediaDevices.getUserMedia({ audio: true });
  await pc.setRemoteDescription(offer);
  const sound = pc.getTransceivers().find(({ receiver }) => receiver.track.kind === 'audio');
  if (sound !== undefined) sound.direction = 'sendrecv';
  await pc.setLocalDescription();
  talk.send(JSON.stringify(pc.localDescription));
  await sound?.sender.replaceTrack((await microphone).getAudioTracks()[0] ?? null);
}

/** With every candidate, so that it can be handed over in one piece. */
async function whole() {
  await pc.setLocalDescription();
  if (pc.iceGatheringState !== 'complete') {
    await new Promise((resolve) => {
      pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve(undefined);
    });
  }
  return JSON.stringify(pc.localDescription);
}

const bare = {
  opened,
  offer: whole,
  /** @param {string} offer */
  async answer(offer) {
    await pc.setRemoteDescription(JSON.parse(offer));
    return whole();
  },
  /** @param {string} answer */
  take: (answer) => pc.setRemoteDescription(JSON.parse(answer)),
  async call() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: CAMERA });
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
    await pc.setLocalDescription();
    talk.send(JSON.stringify(pc.localDescription));
  },
};
Object.assign(globalThis, { bare });

/** @typedef {typeof bare} Bare */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
function element(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${id}.`);
}
