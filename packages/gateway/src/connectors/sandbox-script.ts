import { composeIBAN } from 'ibantools';
import { luhnCheckDigit } from '../core/card.ts';
import { type CancelReason, type FailReason, failReasons } from '../core/fail-reason.ts';
import { isRussianAccountKeyValid } from '../core/russian-account.ts';

/** How an order ends. `lost_once`: the first send vanishes on its way, the next one is executed. */
export type Ending =
  | { readonly kind: 'executed'; readonly share: 'full' | 'half' }
  | { readonly kind: 'rejected'; readonly reason: FailReason }
  | { readonly kind: 'cancelled'; readonly reason: CancelReason }
  | { readonly kind: 'silent' }
  | { readonly kind: 'lost_once' };

/** What the sandbox answers to the send itself: the truth, nothing at all, or text that makes no sense. */
export type Answer = 'truth' | 'nothing' | 'garbage';

/** A callback some time after the order's arrival. `ending`: the truth; `contradiction`: what was paid is rejected. */
export type PlannedCallback = { readonly afterMs: number; readonly tells: 'ending' | 'contradiction' };

export type SandboxScript = {
  readonly name: string;
  readonly meaning: { readonly en: string; readonly ru: string };
  /** Status the payout gets; `wait`: it stays open until a person decides. */
  readonly status: 'paid' | 'fail' | 'cancel' | 'wait';
  readonly card: string;
  /** For phones, SBP and wallets. */
  readonly phone: string;
  readonly iban: string;
  /** Valid together with `sandboxBic`. */
  readonly russianAccount: string;
  /** For services that take any text. */
  readonly text: string;
  /** The same as an amount, with two digits after the point. */
  readonly amount: string;
  readonly ending: Ending;
  readonly answer: Answer;
  /** From the order's arrival until its ending is final. */
  readonly finalAfterMs: number;
  readonly callbacks: readonly PlannedCallback[];
};

/** Region 99 is nobody's and 999 the last branch there can be: no bank has this BIC. */
export const sandboxBic = '049999999';

type Behaviour = Pick<SandboxScript, 'status' | 'ending'> &
  Partial<Pick<SandboxScript, 'answer' | 'finalAfterMs' | 'callbacks'>>;
type Row = Behaviour & { readonly index: number; readonly name: string; readonly en: string; readonly ru: string };

const fullyPaid = { status: 'paid', ending: { kind: 'executed', share: 'full' } } as const;

/** The index makes the numbers, which merchants' own tests hold: never change one, never use one again. */
const storyRows: readonly Row[] = [
  { index: 1, name: 'paid', ...fullyPaid, en: 'Paid at once', ru: 'Выплачивается сразу' },
  {
    index: 2,
    name: 'paid_after_5s',
    ...fullyPaid,
    finalAfterMs: 5_000,
    en: 'Accepted, paid after 5 seconds (the gateway asks)',
    ru: 'Принимается, выплачивается через 5 секунд (шлюз спрашивает сам)',
  },
  {
    index: 3,
    name: 'paid_after_30s',
    ...fullyPaid,
    finalAfterMs: 30_000,
    en: 'Accepted, paid after 30 seconds (the gateway asks)',
    ru: 'Принимается, выплачивается через 30 секунд (шлюз спрашивает сам)',
  },
  {
    index: 4,
    name: 'paid_by_callback',
    ...fullyPaid,
    finalAfterMs: 2_000,
    callbacks: [{ afterMs: 2_000, tells: 'ending' }],
    en: 'Accepted, paid after 2 seconds (the provider calls back)',
    ru: 'Принимается, выплачивается через 2 секунды (провайдер сообщает сам)',
  },
  {
    index: 5,
    name: 'partial',
    status: 'paid',
    ending: { kind: 'executed', share: 'half' },
    en: 'Half of it is paid, rounded down',
    ru: 'Выплачивается половина, с округлением вниз',
  },
  {
    index: 6,
    name: 'cancelled',
    status: 'cancel',
    ending: { kind: 'cancelled', reason: 'cancelled_by_limit' },
    en: "Stopped by a limit on the provider's side before it is executed",
    ru: 'Останавливается лимитом на стороне провайдера до исполнения',
  },
  {
    index: 7,
    name: 'lost_executed',
    ...fullyPaid,
    answer: 'nothing',
    en: 'Executed, but the answer is lost; the gateway asks and learns that it is paid',
    ru: 'Исполняется, но ответ теряется; шлюз спрашивает и узнаёт, что выплачено',
  },
  {
    index: 8,
    name: 'lost_not_executed',
    status: 'paid',
    ending: { kind: 'lost_once' },
    en: 'The order is lost on its way; the gateway asks, sends the same order again, and it is paid',
    ru: 'Поручение теряется по пути; шлюз спрашивает, отправляет то же поручение снова, и выплата проходит',
  },
  {
    index: 9,
    name: 'never_answers',
    status: 'wait',
    ending: { kind: 'silent' },
    answer: 'nothing',
    en: 'The provider never says what became of it: nothing is executed, and a person has to decide',
    ru: 'Провайдер так и не отвечает: ничего не исполняется, решать предстоит человеку',
  },
  {
    index: 10,
    name: 'duplicate_callbacks',
    ...fullyPaid,
    finalAfterMs: 2_000,
    callbacks: [2_000, 2_000, 2_500].map((afterMs) => ({ afterMs, tells: 'ending' })),
    en: 'Accepted, paid after 2 seconds, and the provider calls back three times',
    ru: 'Принимается, выплачивается через 2 секунды, и провайдер сообщает об этом трижды',
  },
  {
    index: 11,
    name: 'contradicting_callback',
    ...fullyPaid,
    callbacks: [{ afterMs: 3_000, tells: 'contradiction' }],
    en: 'Paid at once; 3 seconds later a callback claims it was rejected, which opens an incident',
    ru: 'Выплачивается сразу; через 3 секунды провайдер сообщает об отказе, и открывается инцидент',
  },
  {
    index: 12,
    name: 'garbage_answer',
    ...fullyPaid,
    answer: 'garbage',
    en: 'Executed, but the answer makes no sense; the gateway asks and learns that it is paid',
    ru: 'Исполняется, но ответ бессмыслен; шлюз спрашивает и узнаёт, что выплачено',
  },
  {
    index: 13,
    name: 'fail_after_5s',
    status: 'fail',
    ending: { kind: 'rejected', reason: 'returned' },
    finalAfterMs: 5_000,
    en: 'Accepted, returned after 5 seconds (the gateway asks)',
    ru: 'Принимается, возвращается через 5 секунд (шлюз спрашивает сам)',
  },
];

const failTexts: Readonly<Record<FailReason, readonly [index: number, en: string, ru: string]>> = {
  recipient_not_found: [21, 'there is no such recipient', 'такого получателя нет'],
  recipient_blocked: [22, 'the recipient is blocked', 'получатель заблокирован'],
  recipient_limit_exceeded: [23, "the recipient's limit is used up", 'лимит получателя исчерпан'],
  recipient_name_mismatch: [24, "the name is not the recipient's", 'имя не совпадает с именем получателя'],
  card_expired: [25, 'the card has expired', 'срок действия карты истёк'],
  card_not_supported: [26, 'such cards are not supported', 'такие карты не поддерживаются'],
  amount_not_allowed: [27, 'the amount is not allowed', 'такая сумма не допускается'],
  bank_unavailable: [28, "the recipient's bank cannot be reached", 'банк получателя недоступен'],
  compliance_refused: [29, 'a compliance check was not passed', 'проверка комплаенс не пройдена'],
  returned: [30, 'it came back before it was final', 'деньги вернулись до завершения'],
  rejected_by_provider: [31, 'the provider gives no reason', 'провайдер не называет причину'],
  not_executed: [32, 'the provider did not execute it', 'провайдер не исполнил поручение'],
};

const failRows: readonly Row[] = failReasons.map((reason) => {
  const [index, en, ru] = failTexts[reason];
  const ending = { kind: 'rejected', reason } as const;
  return { index, name: `fail_${reason}`, status: 'fail', ending, en: `Refused: ${en}`, ru: `Отклоняется: ${ru}` };
});

/** Every script with the recipients and the amount that start it. Whatever starts none is paid within a second. */
export const sandboxScripts: readonly SandboxScript[] = [...storyRows, ...failRows].map(
  ({ index, en, ru, ...behaviour }) => {
    const two = String(index).padStart(2, '0');
    return {
      meaning: { en, ru },
      card: completeCard(`4000000000000${two}`),
      phone: `799900000${two}`,
      iban: completeIban(`0000000000000000${two}`),
      russianAccount: completeAccount({ before: '40817810', after: `000000000${two}` }),
      text: `sandbox-${two}`,
      amount: `9001.${two}`,
      answer: 'truth',
      finalAfterMs: 0,
      callbacks: [],
      ...behaviour,
    };
  },
);

const byNumber = new Map(
  sandboxScripts.flatMap((script) =>
    [script.card, script.phone, script.iban, script.russianAccount, script.text].map((number) => [number, script]),
  ),
);
const byCents = new Map(sandboxScripts.map((script) => [BigInt(script.amount.replace('.', '')), script]));

/**
 * The script that an order starts: by its normalised `number`, else by its amount. `amountMinor` is in minor units of
 * a currency with `digits` of them: 900102 with 2 and 9001020 with 3 are both 9001.02. A currency without minor units
 * writes the amount without the point: 900102.
 */
export function findScript(order: {
  readonly number: string;
  readonly amountMinor: bigint;
  readonly digits: number;
}): SandboxScript | undefined {
  return byNumber.get(order.number) ?? findByAmount(order.amountMinor, order.digits);
}

function findByAmount(amountMinor: bigint, digits: number): SandboxScript | undefined {
  if (digits <= 2) return byCents.get(amountMinor);
  const unit = 10n ** BigInt(digits - 2);
  return amountMinor % unit === 0n ? byCents.get(amountMinor / unit) : undefined;
}

function completeCard(payload: string): string {
  return payload + luhnCheckDigit(payload);
}

/** German, with a bank code of zeros: bank codes begin with 1 to 8, so it is no bank's. */
function completeIban(bban: string): string {
  const iban = composeIBAN({ countryCode: 'DE', bban });
  if (iban === null) throw new Error(`"${bban}" is not the inside of a German IBAN`);
  return iban;
}

function completeAccount(parts: { readonly before: string; readonly after: string }): string {
  const keys = [...'0123456789'];
  const key = keys.find((digit) => isRussianAccountKeyValid(sandboxBic, parts.before + digit + parts.after));
  if (key === undefined) throw new Error(`no key fits the account ${parts.before}*${parts.after}`);
  return parts.before + key + parts.after;
}
