/** Remembers which texts were added. It never denies one that was; rarely it claims one that was not. */
export type Filter = { add(text: string): void; mayHave(text: string): boolean };

const hashesMax = 6;

/**
 * A Bloom filter in `bytes` of memory, a power of two. With 8 MiB and 3 million texts it errs once in about 4,000
 * questions; beyond that it errs more often, which costs its owner a look-up and never a wrong answer.
 */
export function createFilter(bytes: number): Filter {
  if (!Number.isInteger(Math.log2(bytes)) || bytes < 64)
    throw new RangeError('bytes must be a power of two, 64 or more');
  const words = new Uint32Array(bytes / 4);
  const bitMask = bytes * 8 - 1;
  return {
    add(text) {
      const step = hashText(text, secondSeed) | 1;
      let bit = hashText(text, firstSeed);
      for (let turn = 0; turn < hashesMax; turn += 1) {
        const at = (bit & bitMask) >>> 5;
        words[at] = (words[at] ?? 0) | (1 << (bit & 31));
        bit = (bit + step) | 0;
      }
    },
    mayHave(text) {
      const step = hashText(text, secondSeed) | 1;
      let bit = hashText(text, firstSeed);
      for (let turn = 0; turn < hashesMax; turn += 1) {
        if (((words[(bit & bitMask) >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
        bit = (bit + step) | 0;
      }
      return true;
    },
  };
}

const firstSeed = 0x811c9dc5;
const secondSeed = 0x2545f491;

/** FNV-1a with MurmurHash3's last mix: references differ in their last digits, and FNV alone leaves those close by. */
function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
