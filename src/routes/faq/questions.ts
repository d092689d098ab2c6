import { m } from '$lib/words/messages';

type Question = { question: string; answer: string[] };

export const questions = (): { title: string; questions: Question[] }[] => [
  {
    title: m.faq_of_beginning(),
    questions: [
      { question: m.faq_account(), answer: [m.faq_account_answer()] },
      { question: m.faq_cost(), answer: [m.faq_cost_answer()] },
      { question: m.faq_people(), answer: [m.faq_people_answer()] },
      { question: m.faq_browsers(), answer: [m.faq_browsers_answer()] },
      { question: m.faq_files(), answer: [m.faq_files_answer()] },
    ],
  },
  {
    title: m.faq_of_meetings(),
    questions: [
      { question: m.faq_later(), answer: [m.faq_later_answer()] },
      { question: m.faq_back(), answer: [m.faq_back_answer()] },
      { question: m.faq_stopped(), answer: [m.faq_stopped_answer()] },
      { question: m.faq_lost(), answer: [m.faq_lost_answer()] },
      { question: m.faq_record(), answer: [m.faq_record_answer()] },
    ],
  },
  {
    title: m.faq_of_privacy(),
    questions: [
      { question: m.faq_read(), answer: [m.faq_read_answer()] },
      { question: m.faq_who(), answer: [m.faq_who_answer()] },
      { question: m.faq_others(), answer: [m.faq_others_answer(), m.faq_others_answer_2()] },
      { question: m.faq_quantum(), answer: [m.faq_quantum_answer()] },
      { question: m.faq_source(), answer: [m.faq_source_answer()] },
    ],
  },
  {
    title: m.faq_of_connection(),
    questions: [
      { question: m.faq_relayed(), answer: [m.faq_relayed_answer()] },
      { question: m.faq_work(), answer: [m.faq_work_answer()] },
      { question: m.faq_phone(), answer: [m.faq_phone_answer()] },
      { question: m.faq_down(), answer: [m.faq_down_answer()] },
    ],
  },
];
