import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutants } from './mutants.ts';
import { simulate } from './simulate.ts';

const seedsMax = 250;
const seedsOfTheRealDesign = 600;

test(`the real design passes ${seedsOfTheRealDesign} seeds`, async () => {
  let payouts = 0;
  for (let seed = 1; seed <= seedsOfTheRealDesign; seed += 1) {
    const result = await simulate(seed);
    assert.deepEqual(result.violations, [], `seed ${seed}: npm run sim -- --seed ${seed}`);
    payouts += result.payouts;
  }
  assert.ok(payouts > seedsOfTheRealDesign * 10, `${payouts} payouts`);
});

test('the same seed is the same world', async () => {
  const [first, second] = [await simulate(7), await simulate(7)];
  assert.deepEqual(first, second);
});

test('there are at least twelve mutants, each with a name of its own', () => {
  assert.ok(mutants.length >= 12);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

for (const mutant of mutants) {
  test(`finds within ${seedsMax} seeds that ${mutant.breaks} (${mutant.name})`, async () => {
    for (let seed = 1; seed <= seedsMax; seed += 1) {
      if ((await simulate(seed, mutant)).violations.length > 0) return;
    }
    assert.fail(`${seedsMax} seeds did not find ${mutant.name}`);
  });
}
