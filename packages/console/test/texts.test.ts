import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFilters, readSearch } from '../src/calls/search.ts';
import { showCharge } from '../src/pages/show-charge.ts';
import { enCabinet } from '../src/texts/en-cabinet.ts';
import { en as enShared } from '../src/texts/en.ts';
import { ruCabinet } from '../src/texts/ru-cabinet.ts';
import { ru as ruShared } from '../src/texts/ru.ts';

const en = { ...enShared, ...enCabinet };
const ru = { ...ruShared, ...ruCabinet };

const pluralEnd = /_(one|few|many|other)$/;

function flatten(value: object, path = ''): Map<string, string> {
  const pairs = Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? [...flatten(inner, `${path}${key}.`)]
      : [[`${path}${key}`, String(inner)] as const],
  );
  return new Map(pairs);
}

describe('texts', () => {
  test('both languages say the same things, with the same values in them', () => {
    const [english, russian] = [flatten(en), flatten(ru)];
    const bases = (texts: Map<string, string>) => new Set([...texts.keys()].map((key) => key.replace(pluralEnd, '')));
    assert.deepEqual([...bases(russian)].toSorted(), [...bases(english)].toSorted());
    const valuesIn = (text = '') =>
      [...text.matchAll(/\{\{(\w+)\}\}/g)]
        .map(([, name]) => name ?? '')
        .toSorted((one, other) => one.localeCompare(other));
    for (const [key, text] of english) {
      if (!pluralEnd.test(key)) assert.deepEqual(valuesIn(russian.get(key)), valuesIn(text), key);
    }
  });

  test('a number has its two forms in English and its four in Russian', () => {
    for (const [texts, forms] of [
      [flatten(en), ['one', 'other']],
      [flatten(ru), ['one', 'few', 'many', 'other']],
    ] as const) {
      const counted = new Set(
        [...texts.keys()].filter((key) => pluralEnd.test(key)).map((key) => key.replace(pluralEnd, '')),
      );
      assert.ok(counted.size > 0);
      for (const key of counted) for (const form of forms) assert.ok(texts.has(`${key}_${form}`), `${key}_${form}`);
    }
  });
});

describe('what is typed into the search field', () => {
  test('is a payout, a recipient, an amount or an order', () => {
    assert.deepEqual(readSearch(' 100000042 '), { id: '100000042' });
    assert.deepEqual(readSearch('4455'), { recipient_end: '4455' });
    assert.deepEqual(readSearch('1 000,50'), { amount: '1000.50' });
    assert.deepEqual(readSearch('order/7'), { order_id: 'order/7' });
    assert.deepEqual(readSearch('  '), {});
  });

  test('stands in the address as filters, and nothing else does', () => {
    assert.deepEqual(readFilters({ id: 100000042, state: 'paid', evil: 'x', order_id: ' ' }), {
      id: '100000042',
      state: 'paid',
    });
  });
});

describe('the example of a commission', () => {
  const rule = { example: '1000.00', 'commission.percent': '1.5', 'commission.fixed': '2', 'commission.min': '0' };

  test('is what the gateway computes', () => {
    assert.deepEqual(showCharge({ ...rule, 'commission.bearer': 'account' }, 'RUB'), {
      amount: '1000.00',
      due: '1000.00',
      debit: '1017.00',
      commission: '17.00',
    });
    assert.equal(showCharge({ ...rule, 'commission.bearer': 'recipient' }, 'RUB')?.due, '983.00');
  });

  test('waits while something is no number', () => {
    assert.equal(showCharge({ ...rule, 'commission.fixed': 'two' }, 'RUB'), undefined);
    assert.equal(showCharge({ ...rule, 'commission.percent': '101' }, 'RUB'), undefined);
  });
});
