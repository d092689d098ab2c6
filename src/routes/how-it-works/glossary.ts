/** One word for each thing, the same on every page. */
export const GLOSSARY = [
  {
    word: 'Link',
    meaning: 'The address of a meeting together with its secret. Whoever has it can ask to come in.',
  },
  { word: 'Meeting', meaning: 'A private room behind one link. It can be used again and again.' },
  {
    word: 'Host',
    meaning: 'The person who made the meeting. Only they can open it, let people in and retire it.',
  },
  { word: 'Guest', meaning: 'Somebody who comes with the link.' },
  { word: 'Waiting room', meaning: 'Where guests stand until the host lets them in.' },
  {
    word: 'Sealed',
    meaning: 'Encrypted, and protected against any change, with a key that only the two browsers have.',
  },
  {
    word: 'Safety words',
    meaning: 'Four words that are the same on both screens only if nobody sits in between.',
  },
  { word: 'Verified', meaning: 'You compared the safety words with this person and said so.' },
  {
    word: 'Server',
    meaning: 'The machine that serves this page and passes sealed envelopes until the browsers have met.',
  },
  { word: 'Direct', meaning: 'Packets go straight from one browser to the other.' },
  {
    word: 'Relayed',
    meaning: 'Packets are passed on by a TURN server, a machine that forwards what it cannot read.',
  },
  { word: 'Saved meeting', meaning: 'A meeting this browser remembers, sealed with a key of this device.' },
  { word: 'Forget', meaning: 'Remove a meeting from this device only.' },
  { word: 'Retire', meaning: 'End a meeting for everyone, for good. Only its host can.' },
] as const;
