// Owns the words people read in a terminal, in English and Russian.
// Promises the same set of texts in both languages.
// Refuses to know when a text is shown.

export type Language = 'en' | 'ru';

const en = {
  id: 'Payout id',
  orderId: 'Order id',
  status: 'Status',
  amount: 'Amount',
  paymentAmount: 'Recipient got',
  isPartialPayment: 'Partial payment',
  accountPaymentAmount: 'Left the account',
  commissionAmount: 'Commission',
  service: 'Service',
  cardMask: 'Card',
  rrn: 'RRN',
  accountOldBalance: 'Balance before',
  accountNewBalance: 'Balance after',
  failReason: 'Reason',
  isReplayed: 'Sent before',
  foundBy: 'Found by',
  attempts: 'Tries',
  currency: 'Currency',
  balance: 'Available',
  hold: 'Frozen',
  rollingReserve: 'Rolling reserve',
  pendingPayouts: 'Held for payouts',
  isAllowedPayment: 'Deposits allowed',
  isAllowedPayout: 'Payouts allowed',
  kind: 'Kind',
  bits: 'Bits',
  fingerprint: 'Fingerprint (SHA-256)',
  desc: 'Description',
  account: 'Account',
  folder: 'Folder',
  archive: 'Archive',
  yes: 'yes',
  no: 'no',
  signValid: 'The signature is right.',
  signInvalid: 'The notification is NOT genuine or not complete:',
  refused: 'The request was refused.',
  conflict: 'A payout already exists under this order id and is not known to be this order.',
  not_found: 'There is no such payout.',
  unresolved: 'No certain answer.',
  unreachable: 'The gateway gave no usable answer.',
  bad_answer: 'The answer is not one of this API: check the address.',
  timeout: 'The payout is not final yet. It goes on by itself.',
  aborted: 'Interrupted.',
  created_no: 'Nothing was created.',
  created_yes: 'The payout exists.',
  created_unknown:
    'It is not known whether the payout exists: do not pay in another way, ask "vyplata payout status --order-id …".',
  publicKeep: 'Upload public.pem in the console. Keep private.pem and password.txt secret.',
};

const ru: typeof en = {
  id: 'Номер выплаты',
  orderId: 'Ваш номер (order_id)',
  status: 'Статус',
  amount: 'Сумма',
  paymentAmount: 'Получено получателем',
  isPartialPayment: 'Частичная выплата',
  accountPaymentAmount: 'Списано со счёта',
  commissionAmount: 'Комиссия',
  service: 'Сервис',
  cardMask: 'Карта',
  rrn: 'RRN',
  accountOldBalance: 'Баланс до',
  accountNewBalance: 'Баланс после',
  failReason: 'Причина',
  isReplayed: 'Повторный запрос',
  foundBy: 'Чем найдена',
  attempts: 'Попыток',
  currency: 'Валюта',
  balance: 'Доступно',
  hold: 'Заморожено',
  rollingReserve: 'Резерв',
  pendingPayouts: 'Удержано под выплаты',
  isAllowedPayment: 'Приём платежей разрешён',
  isAllowedPayout: 'Выплаты разрешены',
  kind: 'Вид',
  bits: 'Длина, бит',
  fingerprint: 'Отпечаток (SHA-256)',
  desc: 'Описание',
  account: 'Счёт',
  folder: 'Папка',
  archive: 'Архив',
  yes: 'да',
  no: 'нет',
  signValid: 'Подпись верна.',
  signInvalid: 'Уведомление НЕ подлинное или неполное:',
  refused: 'Запрос отклонён.',
  conflict: 'Под этим order_id уже есть выплата, и нет уверенности, что это тот же заказ.',
  not_found: 'Такой выплаты нет.',
  unresolved: 'Однозначного ответа нет.',
  unreachable: 'Шлюз не дал пригодного ответа.',
  bad_answer: 'Это не ответ нашего API: проверьте адрес.',
  timeout: 'Выплата ещё не завершена. Она продолжается сама.',
  aborted: 'Прервано.',
  created_no: 'Выплата не создана.',
  created_yes: 'Выплата существует.',
  created_unknown:
    'Неизвестно, создана ли выплата: не платите другим способом, спросите «vyplata payout status --order-id …».',
  publicKeep: 'Загрузите public.pem в кабинете. private.pem и password.txt держите в секрете.',
};

export type TextName = keyof typeof en;

export function textOf(name: TextName, language: Language): string {
  return (language === 'ru' ? ru : en)[name];
}

export function isTextName(name: string): name is TextName {
  return Object.hasOwn(en, name);
}

/** As POSIX orders them: LC_ALL wins over LC_MESSAGES, which wins over LANG. */
export function readLanguage(env: NodeJS.ProcessEnv): Language {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return /^ru(_|\.|$)/i.test(locale) ? 'ru' : 'en';
}
