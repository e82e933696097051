import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { ProblemCode } from '../../src/core/problem.ts';
import {
  cardBrand,
  checkRecipient,
  compactNumber,
  isPhone,
  luhnCheckDigit,
  luhnIsValid,
} from '../../src/core/recipient.ts';
import { isRussianAccountKeyValid } from '../../src/core/russian-account.ts';
import type { RecipientKind } from '../../src/core/service.ts';

type Check = { readonly kind: RecipientKind; readonly number: string; readonly code?: string };

function accepted({ kind, number, code }: Check) {
  const check = checkRecipient({ kind, number, customerCode: code, currency: 'RUB' });
  assert.ok(check.ok, `${kind} ${number} was refused`);
  return [check.number, check.mask];
}

function refused({ kind, number, code }: Check): readonly (readonly [string, ProblemCode])[] {
  const check = checkRecipient({ kind, number, customerCode: code, currency: 'RUB' });
  assert.ok(!check.ok, `${kind} ${JSON.stringify(number)} was accepted`);
  return check.problems.map((problem) => [problem.field, problem.code] as const);
}

test('Luhn: published test numbers pass, each single wrong digit fails', () => {
  for (const number of ['4111111111111111', '5555555555554444', '378282246310005', '79927398713', '2200000000000004']) {
    assert.ok(luhnIsValid(number), number);
    assert.equal(luhnCheckDigit(number.slice(0, -1)), number.slice(-1));
    for (let at = 0; at < number.length; at += 1) {
      const digit = String((Number(number[at]) + 1) % 10);
      assert.ok(!luhnIsValid(number.slice(0, at) + digit + number.slice(at + 1)), `${number} at ${at}`);
    }
  }
  assert.ok(!luhnIsValid(''));
  assert.ok(!luhnIsValid('0'));
  assert.throws(() => luhnIsValid('4111a'), RangeError);
});

test('cards are stored without spaces and dashes and shown by six and four', () => {
  const mask = '411111******1111';
  for (const number of ['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111', '4111\u00a01111–11111111']) {
    assert.deepEqual(accepted({ kind: 'card', number }), ['4111111111111111', mask]);
  }
});

test('cards of every length from 12 to 19 digits', () => {
  for (let length = 12; length <= 19; length += 1) {
    const payload = '8600123456789012345'.slice(0, length - 1);
    const number = payload + luhnCheckDigit(payload);
    const mask = `${number.slice(0, 6)}${'*'.repeat(length - 10)}${number.slice(-4)}`;
    assert.deepEqual(accepted({ kind: 'card', number }), [number, mask]);
  }
});

test('what is no card number is refused', () => {
  const eleven = `4000000000${luhnCheckDigit('4000000000')}`;
  const twenty = `4${'0'.repeat(18)}${luhnCheckDigit(`4${'0'.repeat(18)}`)}`;
  const texts = [
    eleven,
    twenty,
    '',
    '411111111111111a',
    '4111.1111.1111.1111',
    '４１１１１１１１１１１１１１１１',
    '4111_1111',
  ];
  for (const number of [...texts, '4111\t111111111111', '+4111111111111111', '٤١١١١١١١١١١١١١١١']) {
    assert.deepEqual(refused({ kind: 'card', number }), [['number', 'card_digits']]);
  }
  assert.deepEqual(refused({ kind: 'card', number: '4111111111111112' }), [['number', 'card_check_digit']]);
});

test('brands by leading digits', () => {
  const brands: readonly [number: string, brand: string][] = [
    ['2200', 'mir'],
    ['2204', 'mir'],
    ['2205', 'other'],
    ['4', 'visa'],
    ['51', 'mastercard'],
    ['55', 'mastercard'],
    ['2221', 'mastercard'],
    ['2720', 'mastercard'],
    ['2721', 'other'],
    ['5614', 'uzcard'],
    ['8600', 'uzcard'],
    ['9860', 'humo'],
    ['5610', 'maestro'],
    ['67', 'maestro'],
    ['62', 'unionpay'],
    ['34', 'amex'],
    ['3528', 'jcb'],
    ['36', 'diners'],
    ['6011', 'discover'],
    ['1', 'other'],
    ['', 'other'],
  ];
  for (const [lead, brand] of brands) assert.equal(cardBrand(lead === '' ? lead : lead.padEnd(16, '0')), brand, lead);
});

test('wallets are phones of any country, in digits', () => {
  assert.deepEqual(accepted({ kind: 'wallet_phone', number: '79005554455' }), ['79005554455', '*******4455']);
  assert.deepEqual(accepted({ kind: 'wallet_phone', number: '7 900 555-44-55' })[0], '79005554455');
  assert.deepEqual(accepted({ kind: 'phone', number: '380671234567' })[0], '380671234567');
  assert.deepEqual(accepted({ kind: 'phone', number: '77011234567' })[0], '77011234567');
  const wrong = ['+79005554455', '89005554455', '7900555445', '790055544550', '9005554455', '', '7900555445a', '1'];
  for (const number of [...wrong, '７９００５５５４４５５', '1234567890123456']) {
    assert.deepEqual(refused({ kind: 'wallet_phone', number }), [['number', 'wallet_phone_wrong']]);
    assert.deepEqual(refused({ kind: 'phone', number }), [['number', 'phone_wrong']]);
  }
});

test('the short way for Russian mobiles gives the answer of the phone library', () => {
  for (let code = 900; code <= 999; code += 1) {
    for (const tail of ['0000000', '9999999', '1234567']) {
      const digits = `7${code}${tail}`;
      assert.ok(isPhone(digits));
      assert.equal(parsePhoneNumberFromString(`+${digits}`)?.isValid(), true, digits);
    }
  }
});

test('SBP wants eleven digits from 7 and a member id', () => {
  const code = '100000000111';
  assert.deepEqual(accepted({ kind: 'sbp_phone', number: '79001112233', code }), ['79001112233', '*******2233']);
  for (const number of ['+79001112233', '89001112233', '7900111223', '790011122334', '380671234567']) {
    assert.deepEqual(refused({ kind: 'sbp_phone', number, code }), [['number', 'sbp_phone_wrong']]);
  }
  for (const wrong of [undefined, '', 'sberbank', '10000000011', '1000000001111', '１００００００００１１１']) {
    const check = wrong === undefined ? {} : { code: wrong };
    const problems = refused({ kind: 'sbp_phone', number: '79001112233', ...check });
    assert.deepEqual(problems, [['customer_code', 'sbp_member_wrong']]);
  }
  assert.equal(refused({ kind: 'sbp_phone', number: 'x' }).length, 2);
});

test('IBANs are stored in capitals without spaces', () => {
  const number = 'DE89370400440532013000';
  for (const spelling of [number, 'DE89 3704 0044 0532 0130 00', 'de89-3704-0044-0532-0130-00']) {
    assert.deepEqual(accepted({ kind: 'iban', number: spelling }), [number, `${'*'.repeat(18)}3000`]);
  }
  const wrong = ['DE88370400440532013000', 'DE8937040044053201300', 'XX89370400440532013000', '', 'DE', '42'];
  for (const text of [...wrong, 'DE89.370400440532013000', 'DE８９370400440532013000']) {
    assert.deepEqual(refused({ kind: 'iban', number: text }), [['number', 'iban_wrong']]);
  }
});

/** The key that makes an account right is found by trying all ten. */
function withKey(bic: string, account: string): string {
  const fits = [...'0123456789'].filter((key) => keySum(bic, account.slice(0, 8) + key + account.slice(9)) % 10 === 0);
  assert.equal(fits.length, 1, 'exactly one key fits');
  return account.slice(0, 8) + fits[0] + account.slice(9);
}

/** The published algorithm once more, from its text: weights 713 over three digits of the BIC and the account. */
function keySum(bic: string, account: string): number {
  const lead = /00[0-2]$/.test(bic) ? `0${bic[4]}${bic[5]}` : bic.slice(-3);
  return [...(lead + account)].reduce((sum, digit, at) => sum + ((Number(digit) * Number('713'[at % 3])) % 10), 0);
}

test('a Russian account fits its BIC by the key in the ninth digit', () => {
  // Correspondent accounts are published in the directory of BICs: here of a bank, checked as at a settlement centre.
  assert.ok(isRussianAccountKeyValid('044525000', '30101810400000000225'), 'by the settlement centre');
  for (const bic of ['044525225', '044030653', '044525000', '040349001', '048074002']) {
    for (const account of ['40702810000000000001', '40817810900001234567', '40802810012345678901']) {
      const number = withKey(bic, account);
      assert.deepEqual(accepted({ kind: 'russian_account', number, code: bic }), [
        number,
        `${'*'.repeat(16)}${number.slice(-4)}`,
      ]);
      const other = String((Number(number[8]) + 1) % 10);
      const wrong = number.slice(0, 8) + other + number.slice(9);
      assert.deepEqual(refused({ kind: 'russian_account', number: wrong, code: bic }), [
        ['number', 'bank_account_key'],
      ]);
    }
  }
});

test('a Russian account needs twenty digits and a BIC of nine, and both are named when both are wrong', () => {
  const number = withKey('044525225', '40702810000000000001');
  for (const wrong of [number.slice(1), `${number}0`, 'x'.repeat(20), '']) {
    assert.deepEqual(refused({ kind: 'russian_account', number: wrong, code: '044525225' }), [
      ['number', 'bank_account_digits'],
    ]);
  }
  for (const code of ['04452522', '0445252251', 'sberbank', '']) {
    assert.deepEqual(refused({ kind: 'russian_account', number, code }), [['customer_code', 'bic_wrong']]);
  }
  assert.equal(refused({ kind: 'russian_account', number: '1' }).length, 2);
});

test('a text is 1 to 64 printable characters', () => {
  assert.deepEqual(accepted({ kind: 'text', number: ' 1234567890 ' }), ['1234567890', '******7890']);
  assert.deepEqual(accepted({ kind: 'text', number: 'a' }), ['a', '*']);
  assert.deepEqual(accepted({ kind: 'text', number: 'abcd' }), ['abcd', '**cd']);
  assert.deepEqual(accepted({ kind: 'text', number: '😀'.repeat(64) })[0], '😀'.repeat(64));
  for (const number of ['', '   ', 'a\u0007b', 'a\u202eb', 'a\u2028b', 'x'.repeat(65), '\u200b']) {
    assert.deepEqual(refused({ kind: 'text', number }), [['number', 'field_not_printable']]);
  }
});

test('compacting takes out spaces and dashes and nothing else', () => {
  assert.equal(compactNumber('4111 1111-1111\u00a01111'), '4111111111111111');
  assert.equal(compactNumber('a.b_c/d'), 'a.b_c/d');
});
