import { createHash } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyRing } from './key-ring.ts';
import { createSeal } from './seal.ts';

const old = { id: 'k1', secret: Buffer.alloc(32, 1) };
const fresh = { id: 'k2', secret: Buffer.alloc(32, 2) };
const value = Buffer.from('an access token');

describe('a seal', () => {
  it(verifies('tb:cache-sealed', 'shows nothing of the value and opens to the same bytes'), () => {
    const seal = createSeal([old]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 5000 }), fc.string(), (bytes, entry) => {
        const sealed = seal.seal(bytes, entry);
        expect(sealed.includes(Buffer.from(bytes))).toBe(false);
        expect(seal.open(sealed, entry)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it(verifies('tb:cache-sealed', 'seals the same value differently each time'), () => {
    const seal = createSeal([old]);
    expect(seal.seal(value, 'a').equals(seal.seal(value, 'a'))).toBe(false);
  });

  it(verifies('tb:cache-sealed', 'begins with the version of its layout and the id of its key'), () => {
    expect([...createSeal([old]).seal(value, 'a').subarray(0, 4)]).toEqual([1, 2, 0x6b, 0x31]);
  });

  it(verifies('tb:cache-sealed', 'opens what an older key sealed, and seals with the newest'), () => {
    const before = createSeal([old]);
    const rotated = createSeal([fresh, old]);
    expect(rotated.open(before.seal(value, 'a'), 'a')).toEqual(value);
    expect(before.open(rotated.seal(value, 'a'), 'a')).toBeUndefined();
    expect(createSeal([fresh]).open(rotated.seal(value, 'a'), 'a')).toEqual(value);
  });

  it(verifies(['tb:cache-sealed', 'op:secrets'], 'follows a ring that changes while it is used'), () => {
    let ring: KeyRing = [old];
    const seal = createSeal(() => ring);
    const first = seal.seal(value, 'a');
    ring = [fresh, old];
    const second = seal.seal(value, 'a');
    ring = [fresh];
    expect([seal.open(first, 'a'), seal.open(second, 'a')]).toEqual([undefined, value]);
  });

  it(verifies('tb:cache-sealed', 'opens no value for another entry than its own'), () => {
    const seal = createSeal([old]);
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        expect(seal.open(seal.seal(value, one), other)).toBeUndefined();
      }),
    );
  });

  it(verifies('tb:cache-sealed', 'K05 opens nothing that was changed in any bit or cut anywhere'), () => {
    const seal = createSeal([old, fresh]);
    const sealed = seal.seal(value, 'a');
    for (let length = 0; length < sealed.length; length += 1)
      expect(seal.open(sealed.subarray(0, length), 'a')).toBeUndefined();
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(seal.open(changed, 'a'), `bit ${bit}`).toBeUndefined();
    }
  });

  it(verifies('tb:cache-sealed', 'K05 opens nothing that was sealed with another key of the same id'), () => {
    const sealed = createSeal([old]).seal(value, 'a');
    expect(createSeal([{ id: 'k1', secret: fresh.secret }]).open(sealed, 'a')).toBeUndefined();
  });

  it(
    verifies('tb:cache-sealed', 'gives names that nobody can guess who knows the text and not the key'),
    () => {
      const text = 'user:alice';
      const [name] = createSeal([old]).namesOf(text);
      expect(name).toMatch(/^[\w-]{43}$/);
      expect(name).not.toBe(createHash('sha256').update(text).digest('base64url'));
      expect(createSeal([{ id: 'k1', secret: fresh.secret }]).namesOf(text)[0]).not.toBe(name);
      expect(createSeal([fresh, old]).namesOf(text)).toContain(name);
    },
  );

  it.each([
    ['a short key', [{ id: 'k', secret: Buffer.alloc(16) }]],
    ['an id twice', [old, old]],
    ['an id that is no word', [{ id: 'k 1', secret: Buffer.alloc(32) }]],
    ['no key', []],
  ])('refuses a key ring with %s', (_name, ring) => {
    expect(() => createSeal(ring as unknown as KeyRing)).toThrow(TypeError);
  });
});
