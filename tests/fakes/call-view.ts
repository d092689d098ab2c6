import type { CallFigures, CallPerson, CallView, DevicesView } from '../../src/lib/calls/view';
import { notesIn, type Call } from './notes';

const PERSON: CallPerson = {
  id: 'ada',
  name: 'Ada',
  isYou: false,
  isMuted: false,
  isSpeaking: false,
  link: 'connected',
  camera: null,
  screen: null,
  sounds: [],
  quality: 'good',
};

export const callPerson = (over: Partial<CallPerson> = {}): CallPerson => ({ ...PERSON, ...over });

/** This person, as the first of the call. */
export const you = (over: Partial<CallPerson> = {}): CallPerson =>
  callPerson({ id: 'you', name: 'Maya', isYou: true, quality: 'none', ...over });

export const FIGURES: CallFigures = {
  rttMs: 42.4,
  jitterMs: 3.2,
  lostIn: 0.012,
  lostOut: 0,
  bitsInPerS: 1_204_000,
  bitsOutPerS: 845_000,
  picture: { width: 1280, height: 720, framesPerS: 30, codec: 'VP9' },
  ownPicture: null,
  refused: 0,
};

/** A still picture as a stream: a ground, and a shape that shows which way round it is. */
export function pictureStream(ground = '#7a9e9f', width = 640, height = 360): MediaStream {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('No canvas here');
  pen.fillStyle = ground;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = '#f2d8b8';
  pen.beginPath();
  pen.arc(width * 0.45, height * 0.42, height * 0.2, 0, 7);
  pen.ellipse(width * 0.45, height, height * 0.38, height * 0.33, 0, 0, 7);
  pen.fill();
  return canvas.captureStream();
}

/** The devices of somebody who has allowed them; they note what is asked of them. */
export function devicesView(
  over: Partial<DevicesView> = {},
  calls: Call[] = [],
): DevicesView & { calls: Call[] } {
  const note = notesIn(calls);
  return {
    calls,
    listed: {
      microphone: [
        { id: '', label: 'System default' },
        { id: 'desk', label: 'Desk microphone' },
      ],
      camera: [
        { id: '', label: 'System default' },
        { id: 'lid', label: 'Camera in the lid' },
      ],
      speaker: [
        { id: '', label: 'System default' },
        { id: 'ears', label: 'Headphones' },
      ],
    },
    chosen: { microphone: '', camera: '', speaker: '' },
    choose: note('choose'),
    processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: false },
    setProcessing: note('setProcessing'),
    canChooseSpeaker: true,
    isBlurred: null,
    setBlurred: note('setBlurred'),
    preview: null,
    startPreview: note('startPreview'),
    stopPreview: note('stopPreview'),
    ...over,
  };
}

/** A call that stands still and notes what is asked of it: two people talking, without pictures, unless told otherwise. */
export function callView(over: Partial<CallView> = {}): CallView & { calls: Call[] } {
  const calls: Call[] = [];
  const note = notesIn(calls);
  return {
    calls,
    stage: { at: 'talking' },
    people: [you(), callPerson()],
    lastEnd: null,
    trouble: null,
    isSealed: true,
    isMuted: false,
    hasCamera: false,
    isSharing: false,
    screenContent: 'text',
    isSavingData: false,
    isPushToTalk: false,
    devices: devicesView({}, calls),
    accept: note('accept'),
    decline: note('decline'),
    hangUp: note('hangUp'),
    setMuted: note('setMuted'),
    setCamera: note('setCamera'),
    setSharing: note('setSharing'),
    setScreenContent: note('setScreenContent'),
    setSavingData: note('setSavingData'),
    setPushToTalk: note('setPushToTalk'),
    levelOf: () => 0,
    figures: (id) => {
      calls.push(['figures', id]);
      return Promise.resolve(FIGURES);
    },
    dismissTrouble: note('dismissTrouble'),
    ...over,
  };
}
