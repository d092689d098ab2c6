import { describe, expect, test } from 'vitest';
import { FakePublisher, makeRelease } from '../../../tests/fakes/release';
import { utf8, type Bytes } from '../protocol/bytes';
import { fingerprintOf } from '../crypto/release-key';
import { identify, type Source } from './running';

const publisher = new FakePublisher();
const SUM = '00'.repeat(32);
const OLD = makeRelease('1.0.0', { files: { '_app/start.old.js': SUM, '_app/app.js': SUM } }).list;
const NEW = makeRelease('1.1.0', { files: { '_app/start.new.js': SUM, '_app/app.js': SUM } }).list;

async function* sources(...all: Partial<Source>[]): AsyncGenerator<Source> {
  for (const one of all) yield { list: OLD, isKept: true, readSignatures: async () => null, ...one };
}

const modules = ['_app/start.old.js', '_app/app.js'];

describe('which version runs here', () => {
  test('is the one that has every module of the page, whatever else is kept', async () => {
    const running = await identify(sources({ list: NEW }, { list: OLD }), modules, '');
    expect(running).toEqual({
      fingerprint: await fingerprintOf(OLD),
      signature: { at: 'none' },
      isKept: true,
    });
  });

  test('is said by the server where nothing is kept', async () => {
    const running = await identify(sources({ isKept: false }), modules, '');
    expect(running).toMatchObject({ isKept: false });
  });

  test('is not known by a list that lacks a module, by none, and on a page without modules', async () => {
    expect(await identify(sources({ list: NEW }, { list: utf8('{}') }), modules, '')).toBeNull();
    expect(await identify(sources(), modules, '')).toBeNull();
    expect(await identify(sources({}), [], '')).toBeNull();
  });
});

describe('its signature', () => {
  const judged = async (signatures: Bytes | null) => {
    const source = { readSignatures: async () => signatures };
    return (await identify(sources(source), modules, publisher.key))?.signature.at;
  };

  test('is good, missing or wrong', async () => {
    expect(await judged(publisher.sign(OLD))).toBe('good');
    expect(await judged(null)).toBe('missing');
    expect(await judged(publisher.sign(NEW))).toBe('wrong');
    expect(await judged(new FakePublisher().sign(OLD))).toBe('wrong');
  });

  test('is not asked for by a build that knows no key', async () => {
    const readSignatures = () => Promise.reject(new TypeError('asked'));
    expect(await identify(sources({ readSignatures }), modules, '')).toMatchObject({
      signature: { at: 'none' },
    });
  });
});
