import { m } from '$lib/words/messages';

/** One word for each thing, the same on every page. */
export const glossary = () => [
  { word: m.how_word_link(), meaning: m.how_word_link_means() },
  { word: m.how_word_meeting(), meaning: m.how_word_meeting_means() },
  { word: m.how_word_host(), meaning: m.how_word_host_means() },
  { word: m.how_word_guest(), meaning: m.how_word_guest_means() },
  { word: m.how_word_waiting_room(), meaning: m.how_word_waiting_room_means() },
  { word: m.how_word_sealed(), meaning: m.how_word_sealed_means() },
  { word: m.how_word_safety_words(), meaning: m.how_word_safety_words_means() },
  { word: m.how_word_verified(), meaning: m.how_word_verified_means() },
  { word: m.how_word_server(), meaning: m.how_word_server_means() },
  { word: m.how_word_direct(), meaning: m.how_word_direct_means() },
  { word: m.how_word_relayed(), meaning: m.how_word_relayed_means() },
  { word: m.how_word_saved_meeting(), meaning: m.how_word_saved_meeting_means() },
  { word: m.how_word_forget(), meaning: m.how_word_forget_means() },
  { word: m.how_word_retire(), meaning: m.how_word_retire_means() },
];
