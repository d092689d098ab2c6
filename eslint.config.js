import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** Names that say where code was put, not what it is. */
const EMPTY_NAMES = '{utils,util,helpers,helper,common,types,services,managers,misc,shared}';

const houseSyntax = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
  { selector: 'CatchClause > BlockStatement[body.length=0]', message: 'No error is dropped in silence.' },
  {
    selector: 'CallExpression[callee.property.name="catch"] > :function > BlockStatement[body.length=0]',
    message: 'No error is dropped in silence.',
  },
  { selector: ':matches(TSParameterProperty)', message: 'Write the field out.' },
];

/** A module is loaded once for everyone: state in it outlives its owner and leaks between meetings and tests. */
const moduleState = [
  {
    selector: ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind="let"]',
    message: 'No mutable state in a module; give it an owner.',
  },
  {
    selector:
      ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator > ' +
      'NewExpression[callee.name=/^(Weak)?(Map|Set)$/][arguments.length=0]',
    message: 'No mutable state in a module; give it an owner.',
  },
];

const onlyCryptoSeals = {
  selector: 'MemberExpression[property.name="subtle"]',
  message: 'Only lib/crypto (and the server, for proofs) uses crypto.subtle.',
};

export default defineConfig(
  globalIgnores([
    'build/',
    'src/lib/words/compiled/',
    '.svelte-kit/',
    'data/',
    'coverage/',
    'test-results/',
    '.dependency-cruiser.cjs',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A number in a text is clear; an object is a mistake.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `return void` is the short way out of a callback.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Promises for values that are read synchronously today keep an interface's shape.
      '@typescript-eslint/require-await': 'off',
      // An optional value that a browser lacks is typed as always there.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Code points of a text are what many places mean; graphemes have their own segmenter.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // `toId<PeerId>(bytes)` names the brand of what it makes.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // Text from outside is searched for control characters on purpose, and no other expression has a need of them.
      'no-control-regex': 'off',
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': ['error', ...houseSyntax],
      'no-undef': 'off', // TypeScript knows the names of each environment better
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/lib/crypto/**', 'src/server/**', '**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...houseSyntax, ...moduleState, onlyCryptoSeals] },
  },
  {
    files: ['src/lib/crypto/**/*.ts', 'src/server/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...houseSyntax, ...moduleState] },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    rules: {
      // State is replaced, never changed in place (`$state.raw`), so a plain Set is a value like any other.
      'svelte/prefer-svelte-reactivity': 'off',
    },
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      // Here the lint sees an imported component's properties as `any`; svelte-check knows and checks their types.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'max-lines': ['error', { max: 250 }],
      // The content security policy forbids both, and a test finds what slips through.
      'svelte/no-at-html-tags': 'error',
      'svelte/no-inline-styles': 'error',
      'svelte/button-has-type': 'error',
      'svelte/no-target-blank': 'error',
    },
  },
  {
    files: ['tests/**/*.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...houseSyntax,
        {
          selector:
            'NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"] > Identifier.arguments',
          message: 'No test sleeps for a fixed time: wait for what should happen.',
        },
        {
          selector: 'CallExpression[callee.property.name="waitForTimeout"]',
          message: 'No test sleeps for a fixed time: wait for what should happen.',
        },
      ],
    },
  },
  {
    files: ['scripts/**/*.mjs', 'bench/**/*.mjs', '*.config.{js,ts}'],
    // Reports of other tools come in as JSON of no declared type.
    extends: [ts.configs.disableTypeChecked],
    rules: { 'no-console': 'off' },
  },
  {
    files: [`**/${EMPTY_NAMES}/**`, `**/${EMPTY_NAMES}.*`],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'Program', message: 'Name the file or folder for what it holds.' },
      ],
    },
  },
);
