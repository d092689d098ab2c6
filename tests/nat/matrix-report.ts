import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from '../../bench/support.mjs';
import type { Visit } from './app-talk';
import type { PathClass, Profile } from './profiles';

export type PairResult = { host: Profile; guest: Profile; expected: PathClass; visits: Visit[] };

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const REPORT = fileURLToPath(new URL('../../docs/nat-matrix.md', import.meta.url));

const INTRODUCTION = `# Every network with every other

Written by \`npm run test:nat -- matrix --runs 3\`: the real app, the real server and a real relay, between two
browsers that sit behind routers of each kind. A host waits; a guest opens the link, joins and says something; the time is
from Join to the host's answer on the guest's screen, so a message has gone each way. No delay is added. The better of the
two ways that a pair can have is expected: straight from browser to browser where its routers let that happen, through the
relay elsewhere.

| network | what its router does |
|---|---|
| cone | one port outside for each inside, open to everybody |
| arc | the same, open to addresses that were written to |
| prc | the same, open to address and port that were written to: most homes |
| sym | another port outside for each destination: many offices and mobile networks |
| noudp | TCP to ports 443 and 3478 only |
| tcp443 | TCP to port 443 only |
| double | prc behind another prc: carrier-grade |
| v6 | IPv6 only, behind a firewall that lets answers in |
`;

/** The raw numbers beside the tests, and the page for people; its later sections are written by hand and stay. */
export function writeMatrixReport(results: readonly PairResult[]): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    `${RESULTS}matrix.json`,
    `${JSON.stringify({ at: new Date().toISOString(), results }, null, 2)}\n`,
  );
  writeFileSync(REPORT, reportOf(results) + laterSections());
}

function laterSections(): string {
  const text = existsSync(REPORT) ? readFileSync(REPORT, 'utf8') : '';
  const from = text.indexOf('\n## ');
  return from < 0 ? '' : text.slice(from);
}

function reportOf(results: readonly PairResult[]): string {
  const good = results.filter(isAsExpected).length;
  const visits = results.flatMap((result) => result.visits);
  const times = (kind: PathClass) =>
    results.filter(({ expected }) => expected === kind).flatMap((result) => result.visits.map(answered));
  const rows = results.map((result) => {
    const { host, guest, expected } = result;
    const seen = result.visits.map(({ shown, used }) => `${shown ?? 'none'} (${used?.transport ?? 'none'})`);
    const cells = [`${host} × ${guest}`, expected, seen.join(', '), ms(result.visits.map(answered))];
    return `| ${[...cells, isAsExpected(result) ? 'yes' : '**no**'].join(' | ')} |`;
  });
  const runs = Math.max(...results.map((result) => result.visits.length));
  const day = new Date().toISOString().slice(0, 10);
  return `${INTRODUCTION}
${day}, Node ${process.version}, ${cpus().length} cores, ${runs} ${runs === 1 ? 'run' : 'runs'}: **${good} of ${results.length} pairs as expected in every run**.
Median time from Join to the answer: ${ms(visits.map(answered))} (direct ${ms(times('direct'))}, relayed ${ms(times('relayed'))}), of ${visits.length} visits.

| host × guest | expected | seen in each run | median | as expected |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

const answered = ({ answeredMs }: Visit): number => answeredMs;
const ms = (values: readonly number[]): string => `${Math.round(median([...values]))} ms`;

function isAsExpected({ expected, visits }: PairResult): boolean {
  return (
    visits.length > 0 && visits.every(({ shown, used }) => shown === expected && used?.kind === expected)
  );
}
