/**
 * What the server can carry, against a bare relay on the same machine in the same run.
 *
 *   node bench/server.mjs [--parts idle,growth,joins,nodes,others] [--rounds 3] [--people 20000] [--joins 3000]
 *     [--messages 40000]
 *
 *   idle    memory and CPU of people who are there and do nothing
 *   growth  whether the memory in use grows in step with the people
 *   joins   CPU of complete joins, and how long a relayed envelope takes at half load
 *   nodes   joins over two processes that share a Redis; needs redis-server
 *   others  memory and CPU beside PeerJS's server and Socket.IO, which are installed on the first run
 *
 * The people are played by a process of their own. Linux only: memory and CPU are read from /proc.
 */
import { parseArgs } from 'node:util';
import { measureGrowth } from './server/growth.mjs';
import { measureIdle } from './server/idle.mjs';
import { measureJoins } from './server/join-cost.mjs';
import { measureNodes } from './server/nodes.mjs';
import { measureOthers } from './server/others.mjs';

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'idle,growth,joins,nodes,others' },
    rounds: { type: 'string', default: '3' },
    people: { type: 'string', default: '20000' },
    joins: { type: 'string', default: '3000' },
    messages: { type: 'string', default: '40000' },
  },
});

/** The others are compared at what a small machine carries. */
const PEOPLE_BESIDE_OTHERS = 5_000;

/** @param {string} text */
function whole(text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is no whole number above zero.`);
  return value;
}

const [rounds, people, joins] = [whole(values.rounds), whole(values.people), whole(values.joins)];
const messages = whole(values.messages);
const parts = new Map([
  ['idle', () => measureIdle({ rounds, people })],
  ['growth', () => measureGrowth({ rounds, people })],
  ['joins', () => measureJoins({ rounds, joins })],
  ['nodes', () => measureNodes({ rounds, joins })],
  ['others', () => measureOthers({ rounds, people: Math.min(people, PEOPLE_BESIDE_OTHERS), messages })],
]);
for (const name of values.parts.split(',')) {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`There is no part "${name}", but ${[...parts.keys()].join(', ')}.`);
  await part();
}
