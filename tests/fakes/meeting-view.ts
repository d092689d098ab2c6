import { NO_FACTS } from '../../src/lib/doctor/facts';
import type { HomeView, MeetingItem, MeetingView, Person } from '../../src/lib/meeting/view';
import { NO_POLICY } from '../../src/lib/protocol/handshake';
import { notesIn, type Call } from './notes';

export const INVITE_LINK = `https://parley.test/m#${'A'.repeat(68)}`;

const PERSON: Person = {
  id: 'someone',
  name: 'Someone',
  isHost: false,
  isYou: false,
  link: 'connected',
  path: { kind: 'direct', transport: 'UDP', rttMs: 23.7 },
  safetyWords: [
    { word: 'envelope', number: 70 },
    { word: 'anchor', number: 5 },
    { word: 'harbour', number: 93 },
    { word: 'quilt', number: 181 },
  ],
  verified: 'no',
  isTyping: false,
};

export const person = (over: Partial<Person> = {}): Person => ({ ...PERSON, ...over });

const YOU = person({ id: 'you', name: 'Maya', isHost: true, isYou: true, path: null, safetyWords: null });

/** A meeting that stands still and notes what is asked of it. A host alone, unless told otherwise. */
export function meetingView(over: Partial<MeetingView> = {}): MeetingView & { calls: Call[] } {
  const calls: Call[] = [];
  const note = notesIn(calls);
  return {
    calls,
    stage: { at: 'here' },
    role: 'host',
    name: 'Quiet amber heron',
    ownName: 'Maya',
    hidesAddress: false,
    inviteLink: INVITE_LINK,
    wasRewritten: false,
    serverLog: { isDebug: false },
    people: [YOU],
    waitingRoom: [],
    policy: NO_POLICY,
    wantsNotice: false,
    signaling: 'websocket',
    trouble: null,
    isSaved: true,
    join: note('join'),
    leave: note('leave'),
    retire: note('retire'),
    admit: note('admit'),
    turnAway: note('turnAway'),
    setPolicy: note('setPolicy'),
    call: {
      view: null,
      start: note('call.start'),
      devices: () => Promise.reject(new Error('nobody has devices here')),
    },
    history: { isKept: false, files: [], set: note('history.set') },
    setNotice: note('setNotice'),
    makeNewLink: note('makeNewLink'),
    rename: note('rename'),
    setOwnName: note('setOwnName'),
    markVerified: note('markVerified'),
    dismissTrouble: note('dismissTrouble'),
    connectionFacts: () => Promise.resolve(NO_FACTS),
    ...over,
  };
}

export function homeView(items: readonly MeetingItem[]): HomeView & { calls: Call[] } {
  const calls: Call[] = [];
  const note = notesIn(calls);
  return {
    calls,
    items,
    isLoading: false,
    serverLog: { isDebug: false },
    trouble: null,
    isBackupDue: false,
    wantsInstallHint: false,
    hideInstallHint: note('hideInstallHint'),
    start: note('start'),
    destroy: note('destroy'),
    rename: note('rename'),
    copyLink: (vaultId) => {
      calls.push(['copyLink', vaultId]);
      return Promise.resolve();
    },
    setNotice: note('setNotice'),
    newLink: note('newLink'),
    retire: note('retire'),
    forget: note('forget'),
  };
}
