/** Semantic Versioning 2.0.0, without the build's name, which orders nothing (section 10). */
const SEMANTIC = /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/;

/** Whether `offered` comes before `running` (section 11). Names that are no semantic versions have no order. */
export function isOlder(offered: string, running: string): boolean {
  const [a, b] = [SEMANTIC.exec(offered), SEMANTIC.exec(running)];
  if (a === null || b === null) return false;
  const order = compareParts(a[1] ?? '', b[1] ?? '');
  if (order !== 0) return order < 0;
  const [before, after] = [a[2], b[2]];
  // 1.0.0-rc.1 comes before 1.0.0.
  if (before === undefined || after === undefined) return before !== undefined && after === undefined;
  return compareParts(before, after) < 0;
}

/** Part by part: numbers by value and before words, words by their letters; the shorter one first. */
function compareParts(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (const [i, mine] of left.entries()) {
    const theirs = right[i];
    if (theirs === undefined) return 1;
    const order = comparePart(mine, theirs);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function comparePart(a: string, b: string): number {
  const [isNumber, isOther] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOther) return Number(a) - Number(b);
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
