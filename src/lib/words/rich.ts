export type Part = { mark: string | null; words: string };

/** A sentence cut where `<mark>words</mark>` stand. Marks do not stand in one another. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(/<(\w+)>(.*?)<\/\1>/g)) {
    const [whole, mark = '', words = ''] = found;
    parts.push({ mark: null, words: text.slice(from, found.index) }, { mark, words });
    from = found.index + whole.length;
  }
  parts.push({ mark: null, words: text.slice(from) });
  return parts.filter(({ words }) => words !== '');
}
