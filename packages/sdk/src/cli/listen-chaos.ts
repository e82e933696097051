// Owns what happens to a notification between `vyplata listen` and the program it is forwarded to.
// Promises the same fate for the same seed and payout, and that most pass.
// Refuses to change a byte.
import { createHash } from 'node:crypto';

/** `lost`: acknowledged and never forwarded, so only asking the status finds out. `twice` and `late` say themselves. */
export type Fate = 'passed' | 'lost' | 'twice' | 'late';

export function chooseFate(seed: string, payoutId: number): Fate {
  const place = createHash('sha256').update(`${seed} ${payoutId}`).digest().readUInt32BE(0) % 10;
  if (place === 0) return 'lost';
  if (place <= 2) return 'twice';
  return place === 3 ? 'late' : 'passed';
}
