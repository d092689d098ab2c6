/** What stands for a name in a circle. A letter may be several code points, and a name may begin with a picture. */
export function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toLocaleUpperCase() ?? '';
}
