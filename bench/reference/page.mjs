/**
 * The bare page: WebRTC as a first example shows it. The guest makes an offer at Join, candidates trickle, one data
 * channel carries text, and each file has a channel of its own. `#host` is the host, anything else a guest.
 */

const FILE_MESSAGE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
const READ_BYTES = 1024 * 1024;

const isHost = location.hash === '#host';
const door = element('door', HTMLFieldSetElement);
const room = element('room', HTMLFieldSetElement);
const messageBox = element('message', HTMLInputElement);
const log = element('log', HTMLElement);
const files = element('files', HTMLElement);

const socket = new WebSocket(`ws://${location.host}/${isHost ? 'host' : 'guest'}`);
const socketOpened = new Promise((resolve) => socket.addEventListener('open', resolve));
/** @type {Map<number, RTCPeerConnection>} by the guest's number; a guest's own is under 0 */
const connections = new Map();
/** @type {Map<RTCDataChannel, RTCPeerConnection>} the open text channels */
const talks = new Map();
/** @type {Map<string, File>} offered and not yet asked for */
const offered = new Map();

socket.addEventListener('message', async ({ data }) => {
  const { guest = 0, description, candidate } = JSON.parse(data);
  const pc = connections.get(guest) ?? connect(guest);
  if (candidate !== undefined) return pc.addIceCandidate(candidate);
  await pc.setRemoteDescription(description);
  if (description.type === 'answer') return;
  await pc.setLocalDescription();
  signal(guest, { description: pc.localDescription });
});

element('join', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault();
  const pc = connect(0);
  hold(pc, pc.createDataChannel('talk'));
  await pc.setLocalDescription();
  await socketOpened;
  signal(0, { description: pc.localDescription });
});

element('chat', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  for (const talk of talks.keys()) talk.send(JSON.stringify({ text: messageBox.value }));
  show(messageBox.value);
  messageBox.value = '';
});

element('attach', HTMLInputElement).addEventListener('change', ({ currentTarget }) => {
  const input = /** @type {HTMLInputElement} */ (currentTarget);
  for (const file of input.files ?? []) {
    offered.set(file.name, file);
    const offer = { offer: { name: file.name, size: file.size } };
    for (const talk of talks.keys()) talk.send(JSON.stringify(offer));
  }
});

element('leave', HTMLElement).addEventListener('click', () => {
  for (const pc of connections.values()) pc.close();
  room.disabled = true;
});

if (isHost) room.disabled = false;
else door.disabled = false;

/**
 * @param {number} guest
 * @returns {RTCPeerConnection}
 */
function connect(guest) {
  const pc = new RTCPeerConnection();
  connections.set(guest, pc);
  pc.onicecandidate = ({ candidate }) => {
    if (candidate !== null) signal(guest, { candidate });
  };
  pc.ondatachannel = ({ channel }) => {
    if (channel.label === 'talk') hold(pc, channel);
    else receive(channel);
  };
  return pc;
}

/**
 * @param {number} guest
 * @param {object} message
 */
function signal(guest, message) {
  socket.send(JSON.stringify(isHost ? { guest, ...message } : message));
}

/**
 * @param {RTCPeerConnection} pc
 * @param {RTCDataChannel} talk
 */
function hold(pc, talk) {
  talk.onopen = () => {
    talks.set(talk, pc);
    door.disabled = true;
    room.disabled = false;
  };
  talk.onclose = () => {
    talks.delete(talk);
    pc.close();
  };
  talk.onmessage = ({ data }) => {
    const { text, offer, accept } = JSON.parse(data);
    if (text !== undefined) show(text);
    if (offer !== undefined)
      addRow([`Accept ${offer.name}`, () => talk.send(JSON.stringify({ accept: offer }))]);
    const file = offered.get(accept?.name);
    if (file !== undefined) send(pc, file);
  };
}

/** @param {string} text */
function show(text) {
  log.append(Object.assign(document.createElement('p'), { textContent: text }));
}

/**
 * @param {RTCPeerConnection} pc
 * @param {File} file
 */
function send(pc, file) {
  const channel = pc.createDataChannel(JSON.stringify({ name: file.name, size: file.size }));
  channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
  channel.onopen = async () => {
    const read = (/** @type {number} */ at) => file.slice(at, at + READ_BYTES).arrayBuffer();
    let next = read(0);
    for (let start = 0; start < file.size; start += READ_BYTES) {
      const block = await next;
      // The next block is read while this one is being sent.
      next = read(start + READ_BYTES);
      for (let at = 0; at < block.byteLength; at += FILE_MESSAGE_BYTES) {
        if (channel.bufferedAmount > HIGH_WATER_BYTES) {
          await new Promise((resolve) =>
            channel.addEventListener('bufferedamountlow', resolve, { once: true }),
          );
        }
        channel.send(new Uint8Array(block, at, Math.min(FILE_MESSAGE_BYTES, block.byteLength - at)));
      }
    }
  };
}

/** @param {RTCDataChannel} channel */
function receive(channel) {
  const { name, size } = JSON.parse(channel.label);
  /** @type {ArrayBuffer[]} */
  const chunks = [];
  let received = 0;
  channel.binaryType = 'arraybuffer';
  channel.onmessage = ({ data }) => {
    chunks.push(data);
    received += data.byteLength;
    if (received < size) return;
    const contents = new Blob(chunks.splice(0));
    channel.close();
    const save = () => location.assign(URL.createObjectURL(contents));
    // With its row the page lets go of the file.
    addRow([`Save ${name}`, save], [`Dismiss ${name}`, () => undefined]);
  };
}

/**
 * Buttons side by side; the first that is pressed takes the row away.
 * @param {[name: string, act: () => void][]} choices
 */
function addRow(...choices) {
  const row = document.createElement('p');
  for (const [name, act] of choices) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: name });
    button.addEventListener('click', () => {
      row.remove();
      act();
    });
    row.append(button);
  }
  files.append(row);
}

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
