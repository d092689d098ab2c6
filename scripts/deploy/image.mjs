/** Whether the Containerfile makes what it should, as far as that shows without a container. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCES } from '../build.mjs';
import { copiesOf, readContainerfile, valueOf } from './containerfile.mjs';
import { runImage } from './image-run.mjs';
import { ROOT } from './place.mjs';
import { must } from './report.mjs';
import { hasStore, MISSING } from './store.mjs';

/** Only publishers have one. */
const OPTIONAL = ['release-key.pub'];
/** What an image must never hold, or has no use for. */
const KEPT_OUT = ['data', 'node_modules', '.git', 'build', 'deploy', 'tests', 'test-results'];

/** @param {import('./report.mjs').Report} report */
export async function checkImage(report) {
  const { build, last } = readContainerfile();
  await report.check('Containerfile: who it runs as, how it begins and ends', () => {
    must(Number(/^(\d+):\d+$/.exec(valueOf(last, 'USER'))?.[1]) > 0, 'USER is not a number other than 0');
    const isLast =
      last.findIndex(({ name }) => name === 'USER') > last.findLastIndex(({ name }) => name === 'RUN');
    must(isLast, 'something is made after USER');
    must(valueOf(last, 'CMD').startsWith('["node",'), 'CMD goes through a shell, which passes no signal on');
    must(valueOf(last, 'STOPSIGNAL') === 'SIGTERM', 'it is not told to drain');
    must(valueOf(last, 'HEALTHCHECK').includes('/readyz'), 'nobody asks whether it is ready');
  });
  await report.check('Containerfile: nothing from elsewhere, and no secret', () => {
    for (const { name, rest } of [...build, ...last]) {
      must(name !== 'ADD', 'ADD downloads and unpacks: use COPY');
      must(!/\b(?:curl|wget)\b/.test(rest), `${name} downloads`);
      must(!/^(?:ENV|ARG)$/.test(name) || !/SECRET|TOKEN|PASSWORD|KEY/i.test(rest), `${name} holds a secret`);
    }
  });
  await report.check('Containerfile: the build is given its sources, and nothing else', () => {
    const admitted = admittedNames();
    const wanted = [...SOURCES, ...copiesOf(build).flatMap(({ sources }) => sources)].filter(
      (name) => name !== '.',
    );
    for (const [first = ''] of wanted.map((name) => name.split('/'))) {
      must(admitted.includes(first), `.dockerignore keeps ${first} out`);
    }
    for (const name of admitted) {
      must(
        existsSync(join(ROOT, name)) || OPTIONAL.includes(name),
        `.dockerignore admits ${name}, which is nowhere`,
      );
      must(!KEPT_OUT.includes(name), `.dockerignore lets ${name} in`);
    }
  });
  const name = 'Containerfile: what it copies is enough, for somebody who can write nowhere';
  if (!hasStore) report.leaveOut(name, MISSING);
  else await report.check(name, () => runImage(last));
}

/** The names in the root of the project that .dockerignore admits: it refuses everything, and then names them. */
function admittedNames() {
  const [first, ...rest] = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  must(first === '*', '.dockerignore does not begin by refusing everything');
  return rest.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
}
