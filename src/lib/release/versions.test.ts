import { expect, test } from 'vitest';
import { isOlder } from './versions';

/** In the order of Semantic Versioning 2.0.0, section 11, with its own examples. */
const IN_ORDER = [
  '0.1.0',
  '0.9.0',
  '0.10.0',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '2.0.0',
  '2.1.0',
  '2.1.1',
];

test('each comes before all that follow and after none', () => {
  for (const [i, one] of IN_ORDER.entries()) {
    for (const [j, other] of IN_ORDER.entries()) {
      expect(isOlder(one, other), `${one} before ${other}`).toBe(i < j);
    }
  }
});

test('the build’s name orders nothing, and what is no semantic version has no order', () => {
  expect(isOlder('1.0.0+a', '1.0.0+b')).toBe(false);
  expect(isOlder('1.0.0+a', '1.0.1')).toBe(true);
  for (const name of ['', 'nightly', 'v1.0.0', '1.0']) {
    expect(isOlder(name, '9.9.9')).toBe(false);
    expect(isOlder('0.0.1', name)).toBe(false);
  }
});
