import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { failReasons } from '../../src/core/fail-reason.ts';
import { parseAmountText } from '../../src/core/money.ts';
import { checkRecipient } from '../../src/core/recipient.ts';
import { findScript, sandboxBic, sandboxScripts } from '../../src/connectors/sandbox-script.ts';

const documentPath = join(import.meta.dirname, '../../../../docs/sandbox.md');

describe('the table of the sandbox', () => {
  it('has recipients that the gateway accepts as they stand', () => {
    for (const script of sandboxScripts) {
      const numbers = [
        ['card', script.card, undefined],
        ['phone', script.phone, undefined],
        ['wallet_phone', script.phone, undefined],
        ['sbp_phone', script.phone, '100000000111'],
        ['iban', script.iban, undefined],
        ['russian_account', script.russianAccount, sandboxBic],
        ['text', script.text, undefined],
      ] as const;
      for (const [kind, number, customerCode] of numbers) {
        const check = checkRecipient({ kind, number, customerCode, currency: 'RUB' });
        assert.ok(check.ok, `${script.name}: ${kind} ${number}`);
        assert.equal(check.number, number);
      }
      assert.equal(parsePhoneNumberFromString(`+${script.phone}`)?.getType(), 'MOBILE', script.phone);
    }
  });
  it('holds what merchants have written into their tests', () => {
    const { card, phone, iban, russianAccount, text, amount } = sandboxScripts[1] ?? assert.fail();
    assert.deepEqual(
      { card, phone, iban, russianAccount, text, amount },
      {
        card: '4000000000000028',
        phone: '79990000002',
        iban: 'DE79000000000000000002',
        russianAccount: '40817810400000000002',
        text: 'sandbox-02',
        amount: '9001.02',
      },
    );
  });
  it('means one script by each recipient and amount', () => {
    const keys = sandboxScripts.flatMap(({ name, card, phone, iban, russianAccount, text, amount }) => [
      name,
      card,
      phone,
      iban,
      russianAccount,
      text,
      amount,
    ]);
    assert.equal(new Set(keys).size, keys.length);
    for (const script of sandboxScripts) {
      for (const number of [script.card, script.phone, script.iban, script.russianAccount, script.text]) {
        assert.equal(findScript({ number, amountMinor: 1n, digits: 2 }), script);
      }
      for (const digits of [2, 3, 4]) {
        const amountMinor = parseAmountText(script.amount, digits);
        assert.ok(typeof amountMinor === 'bigint');
        assert.equal(findScript({ number: '79001112233', amountMinor, digits }), script);
      }
      const amountMinor = BigInt(script.amount.replace('.', ''));
      assert.equal(findScript({ number: '79001112233', amountMinor, digits: 0 }), script);
    }
  });
  it('leaves every other recipient and amount alone', () => {
    for (const [number, amountMinor, digits] of [
      ['4276111111113333', 900_100n, 2],
      ['79001112233', 9_001_025n, 3],
      ['sandbox-99', 90_010n, 2],
    ] as const) {
      assert.equal(findScript({ number, amountMinor, digits }), undefined);
    }
  });
  it('goes by the recipient if the amount says something else', () => {
    const [paid, later] = sandboxScripts;
    assert.ok(paid && later);
    assert.equal(findScript({ number: paid.card, amountMinor: 900_102n, digits: 2 }), paid);
  });
  it('fails with every reason there is', () => {
    for (const reason of failReasons) {
      const script = sandboxScripts.find(({ name }) => name === `fail_${reason}`);
      assert.deepEqual(script?.ending, { kind: 'rejected', reason });
    }
  });
  it('is explained in English and Russian', () => {
    for (const { name, meaning } of sandboxScripts) {
      assert.match(meaning.en, /^[A-Z][\x20-\x7e]+[^.]$/, name);
      assert.match(meaning.ru, /^[А-ЯЁ][А-Яа-яЁё0-9 ,;():]+$/, name);
    }
  });
  it('is what docs/sandbox.md tells merchants', () => {
    const text = readFileSync(documentPath, 'utf8');
    for (const table of [storyTable(), recipientTable()]) {
      assert.ok(text.includes(table), `docs/sandbox.md must have this table:\n\n${table}`);
    }
    assert.ok(text.includes(`\`${sandboxBic}\``));
  });
});

function storyTable(): string {
  const rows = sandboxScripts.map(({ name, meaning, status, amount }) => [
    `\`${name}\``,
    meaning.en,
    `\`${status}\``,
    `\`${amount}\``,
  ]);
  return writeTable([['script', 'what happens', 'ends', 'amount'], ...rows]);
}

function recipientTable(): string {
  const rows = sandboxScripts.map((script) => [
    `\`${script.name}\``,
    ...[script.card, script.phone, script.iban, script.russianAccount, script.text].map((number) => `\`${number}\``),
  ]);
  return writeTable([['script', 'card', 'phone', 'IBAN', 'account in Russia', 'text'], ...rows]);
}

function writeTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
