/**
 * The import table of docs/architecture.md, and no cycles. What a module may import is listed; all else of ours is refused.
 * Type-only imports count as imports, except where a rule says so.
 */

/** A path that is one of these modules of src/lib. */
const lib = (...names) => `^src/lib/(${names.join('|')})/`;
const TEST = '\\.test\\.ts$';

/** @returns a rule by which `from` may import, of ours, only itself and what `allowed` matches. */
function only(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from, pathNot: TEST },
    to: { path: '^(src|tests|bench|scripts)/', pathNot: [from, ...allowed] },
  };
}

/** What everyone outside the worker may see of it: its client, and the shapes of what it says. */
const WORKER_DOOR = '^src/lib/worker/client\\.ts$';
const WORKER_SHAPES = '^src/lib/worker/messages\\.ts$';

const features = ['chat', 'files', 'calls'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      comment: 'Kit and Vite make the $app and virtual modules; everything else has a file.',
      severity: 'error',
      from: {},
      to: {
        couldNotResolve: true,
        pathNot: ['^\\$(app|env)/', '^virtual:', '\\?worker&url$', '\\$types(\\.js)?$'],
      },
    },
    only('protocol', lib('protocol'), [], 'The words both sides speak stand alone.'),
    only('crypto', lib('crypto'), [lib('protocol')]),
    only('worker', lib('worker'), [lib('crypto', 'protocol')]),
    only('vault', lib('vault'), [lib('protocol', 'crypto'), WORKER_DOOR, WORKER_SHAPES]),
    only('signaling', lib('signaling'), [lib('protocol'), '^src/server/router\\.ts$']),
    {
      name: 'server-types-only',
      comment: "Of the server, the client sees the router's type and no line of code.",
      severity: 'error',
      from: { path: '^src/(lib|routes|service-worker)/' },
      to: { path: '^src/server/', dependencyTypesNot: ['type-only', 'type-import'] },
    },
    only('peer', lib('peer'), [lib('protocol')]),
    ...features.map((name) =>
      only(
        name,
        lib(name),
        [lib('protocol', 'vault', 'peer', 'ui', 'words'), WORKER_DOOR, WORKER_SHAPES],
        'Features never import each other; ui is for everybody (decision 0009).',
      ),
    ),
    {
      name: 'features-see-shapes',
      comment: 'Of peer and of the messages of the worker, a feature sees the types.',
      severity: 'error',
      from: { path: lib(...features, 'doctor'), pathNot: TEST },
      to: { path: [lib('peer'), WORKER_SHAPES], dependencyTypesNot: ['type-only', 'type-import'] },
    },
    only(
      'doctor',
      lib('doctor'),
      [lib('protocol', 'peer', 'signaling', 'ui', 'words')],
      'Looks at connections; holds none of a meeting.',
    ),
    only(
      'release',
      lib('release'),
      [lib('protocol', 'crypto', 'ui', 'words')],
      'Which version this is and the way to the next; knows no meeting.',
    ),
    only(
      'installed',
      lib('installed'),
      [lib('ui', 'words')],
      'What an installed app is more than a page; knows no meeting.',
    ),
    only(
      'record',
      lib('record'),
      [lib('protocol', 'signaling', 'ui', 'words')],
      'Shows what was said to the server; knows no meeting.',
    ),
    only(
      'meeting',
      lib('meeting'),
      [
        lib(
          'protocol',
          'crypto',
          'vault',
          'signaling',
          'peer',
          'ui',
          'words',
          'doctor',
          'release',
          'installed',
          ...features,
        ),
        WORKER_DOOR,
        WORKER_SHAPES,
      ],
      'The composition root: sees all, and is seen by routes only.',
    ),
    only(
      'ui',
      lib('ui'),
      [lib('words'), '^src/lib/protocol/errors\\.ts$'],
      "Generic components know the protocol's error codes, nothing else of it.",
    ),
    only(
      'words',
      lib('words'),
      [],
      'What is said to people, in every language; knows nothing of what it is about.',
    ),
    only('routes', '^src/routes/', [
      lib('meeting', 'ui', 'words', 'doctor', 'release', 'installed', 'record', ...features),
      '^src/lib/protocol/errors\\.ts$',
      '^src/lib/vault/exists\\.ts$',
    ]),
    only('service-worker', '^src/service-worker/', [lib('protocol', 'vault', 'installed', 'words')]),
    only('server', '^src/server/', [lib('protocol')]),
    {
      name: 'no-test-in-product',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '/fakes?/'] },
      to: { path: [TEST, '^tests/', '^bench/', '^scripts/', '/fakes?/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^\\.svelte-kit/', '^build/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.imports.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'browser', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.svelte.ts', '.js', '.mjs', '.svelte', '.d.ts', '.json'],
    },
  },
};
