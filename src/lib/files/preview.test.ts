import { describe, expect, it } from 'vitest';
import { asPicture, pictureType } from './preview';

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (char) => char.charCodeAt(0));

describe('previews', () => {
  it.each([
    ['\x89PNG\r\n\x1a\n\0\0\0\r', 'image/png'],
    ['\xff\xd8\xff\xe0\0\x10JFIF\0\x01', 'image/jpeg'],
    ['GIF89a\x01\0\x01\0\0\0', 'image/gif'],
    ['RIFF\n\0\0\0WEBPVP8 ', 'image/webp'],
    ['\0\0\0\x1cftypavif\0\0', 'image/avif'],
    ['<svg xmlns="http://www.w3.org/2000/svg">', null],
    ['<!doctype html>', null],
    ['%PDF-1.7', null],
    ['\0\0\0\x1cftypmp42', null],
    ['RIFF\n\0\0\0WAVEfmt ', null],
    [' \x89PNG\r\n\x1a\n', null],
    ['\x89PN', null],
    ['', null],
  ])('tells by its first bytes what %j is', (head, type) => {
    expect(pictureType(bytes(head))).toBe(type);
  });

  it('gives the picture the type that its bytes have, whatever it claims', async () => {
    const claimed = new Blob([bytes('GIF89a\x01\0\x01\0\0\0')], { type: 'text/html' });
    expect((await asPicture(claimed))?.type).toBe('image/gif');
    expect(await asPicture(new Blob(['<svg>'], { type: 'image/png' }))).toBeNull();
  });

  it('leaves out what is too large', async () => {
    const large = new Blob([bytes('GIF89a'), new Uint8Array(33 * 1024 * 1024)]);
    expect(await asPicture(large)).toBeNull();
  });
});
