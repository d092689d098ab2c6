import process from 'node:process';

/**
 * Rounds in which all sides have their turn, each round with another one first, so that whatever else the machine does
 * falls on all of them.
 * @template {string} Side
 * @template T
 * @param {number} rounds
 * @param {Record<Side, () => Promise<T>>} sides
 * @returns {Promise<Record<Side, T>[]>}
 */
export async function takeTurns(rounds, sides) {
  const names = /** @type {Side[]} */ (Object.keys(sides));
  /** @type {Record<Side, T>[]} */
  const outcomes = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    /** @type {Partial<Record<Side, T>>} */
    const outcome = {};
    for (const name of [...names.slice(first), ...names.slice(0, first)]) outcome[name] = await sides[name]();
    outcomes.push(/** @type {Record<Side, T>} */ (outcome));
    if (process.stderr.isTTY) process.stderr.write(`${round + 1} of ${rounds}\n`);
  }
  return outcomes;
}
