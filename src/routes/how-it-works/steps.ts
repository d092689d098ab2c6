import type { Step } from '$lib/meeting/whereabouts';
import { m } from '$lib/words/messages';

/** `at` is what a meeting says of itself while it is there; nobody is there while leaving. */
type Explained = { at: Step | null; title: string; words: string; detail: string };

/** From the link to leaving: each step in plain words, and the same again for those who want to check it. */
export const steps = (): Explained[] => [
  { at: 'make', title: m.how_make(), words: m.how_make_text(), detail: m.how_make_detail() },
  { at: 'send', title: m.how_send(), words: m.how_send_text(), detail: m.how_send_detail() },
  { at: 'open', title: m.how_open(), words: m.how_open_text(), detail: m.how_open_detail() },
  { at: 'claim', title: m.how_claim(), words: m.how_claim_text(), detail: m.how_claim_detail() },
  { at: 'greet', title: m.how_greet(), words: m.how_greet_text(), detail: m.how_greet_detail() },
  { at: 'admit', title: m.how_admit(), words: m.how_admit_text(), detail: m.how_admit_detail() },
  { at: 'path', title: m.how_path(), words: m.how_path_text(), detail: m.how_path_detail() },
  { at: 'talk', title: m.how_talk(), words: m.how_talk_text(), detail: m.how_talk_detail() },
  { at: null, title: m.how_leave(), words: m.how_leave_text(), detail: m.how_leave_detail() },
];
