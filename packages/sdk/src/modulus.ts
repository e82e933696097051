// Owns the arithmetic that tells a weak RSA modulus from a good one.
// Promises to catch a prime or even modulus, small factors, primes too close together, and the ROCA generator.
// Refuses to know key formats and to guarantee strength: a modulus that passes is only not known to be weak.
import { checkPrimeSync } from 'node:crypto';

const FACTOR_MAX = 10_000;
const FERMAT_ROUNDS = 100;
const SMALL_PRIMES = sievePrimes(FACTOR_MAX);
const SMALL_PRODUCT = SMALL_PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

/** The generator of CVE-2017-15361 uses at least the first 39 primes, 2 to 167, for every key size. */
const ROCA_PRIME_MAX = 167;
const ROCA_SUBGROUPS = SMALL_PRIMES.filter((prime) => prime > 2 && prime <= ROCA_PRIME_MAX).map((prime) => ({
  prime: BigInt(prime),
  residues: powersOf(65_537 % prime, prime),
}));

export function isWeakModulus(modulus: bigint): boolean {
  return hasSmallFactor(modulus) || isRocaModulus(modulus) || checkPrimeSync(modulus) || hasClosePrimes(modulus);
}

function hasSmallFactor(modulus: bigint): boolean {
  let [a, b] = [SMALL_PRODUCT, modulus % SMALL_PRODUCT];
  while (b !== 0n) [a, b] = [b, a % b];
  return a !== 1n;
}

/**
 * ROCA primes are `k * M + (65537^a mod M)` with M the product of the first primes, so the modulus is a power of 65537
 * modulo each of them. A good modulus passes for all 38 odd primes by chance about once in 2^27.
 */
function isRocaModulus(modulus: bigint): boolean {
  return ROCA_SUBGROUPS.every(({ prime, residues }) => residues.has(Number(modulus % prime)));
}

/** Fermat: a modulus whose primes lie close together is a difference of squares found at once (CVE-2022-26320). */
function hasClosePrimes(modulus: bigint): boolean {
  let a = squareRoot(modulus);
  if (a * a === modulus) return true;
  for (let round = 0; round < FERMAT_ROUNDS; round += 1) {
    a += 1n;
    const rest = a * a - modulus;
    const root = squareRoot(rest);
    if (root * root === rest) return true;
  }
  return false;
}

/** Integer square root, rounded down (Newton's method from above). */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(16).length * 2) + 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function sievePrimes(max: number): number[] {
  const isComposite = new Uint8Array(max + 1);
  const primes: number[] = [];
  for (let n = 2; n <= max; n += 1) {
    if (isComposite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple <= max; multiple += n) isComposite[multiple] = 1;
  }
  return primes;
}

function powersOf(generator: number, modulus: number): Set<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * generator) % modulus) powers.add(power);
  return powers;
}
