import { beforeEach, describe, expect, test } from 'vitest';
import { FakePublisher, makeRelease, type FakeRelease } from '../../../tests/fakes/release';
import { utf8, type Bytes } from '../protocol/bytes';
import { judge, type Running } from './offer';

const publisher = new FakePublisher();
const SIGNED: Running = { version: '1.0.0', key: publisher.key };
const UNSIGNED: Running = { version: '1.0.0', key: '' };

let served: Map<string, Bytes>;
let asked: string[];
let release: FakeRelease;

beforeEach(() => {
  asked = [];
  release = makeRelease('1.1.0', { key: publisher.key, changes: ['It is better.'] });
  served = new Map([
    [release.worker, release.script],
    ['/release.sig', publisher.sign(release.list)],
  ]);
});

const read = async (path: string): Promise<Bytes | null> => {
  asked.push(path);
  return served.get(path) ?? null;
};

describe('a version that may be offered', () => {
  test('is signed by the key that the running one knows', async () => {
    expect(await judge(release.list, SIGNED, read)).toEqual({
      offer: {
        version: '1.1.0',
        changes: ['It is better.'],
        fingerprint: expect.stringMatching(/^(?:[0-9a-f]{4} ?){16}$/) as string,
        signer: expect.stringMatching(/^(?:[0-9a-f]{4} ?){8}$/) as string,
        afterwards: { at: 'same' },
        worker: release.worker,
      },
    });
  });

  test('needs no signature where the running one knows no key, and says so', async () => {
    served.delete('/release.sig');
    const verdict = await judge(release.list, UNSIGNED, read);
    expect(verdict).toMatchObject({ offer: { version: '1.1.0', signer: null } });
    expect(asked).not.toContain('/release.sig');
  });

  test('may bring another key, which is named; so may one that will know none', async () => {
    const name = expect.stringMatching(/^(?:[0-9a-f]{4} ?){8}$/) as string;
    for (const [key, afterwards] of [
      [new FakePublisher().key, { at: 'key', key: name }],
      ['', { at: 'unsigned' }],
    ] as const) {
      const rotating = makeRelease('1.1.0', { key });
      served.set('/release.sig', publisher.sign(rotating.list));
      expect(await judge(rotating.list, SIGNED, read)).toMatchObject({ offer: { afterwards } });
    }
  });

  test('may have the number of the running one: another build of it', async () => {
    expect(await judge(release.list, { ...SIGNED, version: '1.1.0' }, read)).toHaveProperty('offer');
  });
});

describe('refused is', () => {
  test('no signature', async () => {
    served.delete('/release.sig');
    expect(await judge(release.list, SIGNED, read)).toEqual({ refusal: 'unsigned' });
  });

  test('somebody else’s signature, one over something else, and what is no text', async () => {
    const others = [
      new FakePublisher().sign(release.list),
      publisher.sign(utf8('{}')),
      utf8('<!doctype html>'),
      Uint8Array.of(0xff),
    ];
    for (const signature of others) {
      served.set('/release.sig', signature);
      expect(await judge(release.list, SIGNED, read)).toEqual({ refusal: 'unsigned' });
    }
  });

  test('every list with a changed byte, before anything of it is read', async () => {
    for (let i = 0; i < release.list.length; i += 7) {
      const changed = release.list.map((byte, at) => (at === i ? byte ^ 1 : byte));
      asked = [];
      expect(await judge(changed, SIGNED, read)).toEqual({ refusal: 'unsigned' });
      expect(asked).toEqual(['/release.sig']);
    }
  });

  test('a list that is none', async () => {
    expect(await judge(utf8('<!doctype html>'), UNSIGNED, read)).toEqual({ refusal: 'altered' });
  });

  test('another service worker than the listed one, and none', async () => {
    served.set(release.worker, utf8('self.evil = 1'));
    expect(await judge(release.list, SIGNED, read)).toEqual({ refusal: 'altered' });
    served.delete(release.worker);
    expect(await judge(release.list, SIGNED, read)).toEqual({ refusal: 'altered' });
  });

  test('an older version, although it is signed', async () => {
    expect(await judge(release.list, { ...SIGNED, version: '1.2.0' }, read)).toEqual({ refusal: 'older' });
  });
});

test('without a network nothing is decided', async () => {
  const gone = () => Promise.reject(new TypeError('Failed to fetch'));
  await expect(judge(release.list, SIGNED, gone)).rejects.toThrow('Failed to fetch');
});
