/** What deploy/Containerfile says, stage by stage. */
import { deployed } from './place.mjs';
import { must } from './report.mjs';

/** @typedef {{ name: string, rest: string }} Instruction */

/** @returns {{ build: Instruction[], last: Instruction[] }} */
export function readContainerfile() {
  /** @type {Instruction[][]} */
  const stages = [[]];
  const text = deployed('Containerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ');
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest: rest.trim() });
  }
  const [, build = [], last = [], ...more] = stages;
  must(last.length > 0 && more.length === 0, `there are ${stages.length - 1} stages, and not two`);
  return { build, last };
}

/**
 * The last of that name counts.
 * @param {Instruction[]} stage
 * @param {string} wanted
 */
export function valueOf(stage, wanted) {
  const found = stage.findLast(({ name }) => name === wanted);
  must(found !== undefined, `there is no ${wanted}`);
  return found.rest;
}

/** @param {Instruction[]} stage */
export function copiesOf(stage) {
  return stage
    .filter(({ name }) => name === 'COPY')
    .map(({ rest }) => {
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      return { sources: words.slice(0, -1), target: words.at(-1) ?? '' };
    });
}

/**
 * @param {Instruction[]} stage
 * @returns {Record<string, string>}
 */
export function environmentOf(stage) {
  const pairs = valueOf(stage, 'ENV').split(/\s+/);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}
