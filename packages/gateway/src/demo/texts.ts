type Texts = {
  readonly before: (balance: string, currency: string) => string;
  readonly accepted: (id: string, orderId: string) => string;
  readonly held: (amount: string) => string;
  readonly state: (state: string) => string;
  readonly notified: (status: string, isVerified: boolean) => string;
  readonly after: (balance: string, currency: string) => string;
  readonly next: (guide: Guide) => string;
};

export type Guide = {
  readonly baseUrl: string;
  readonly consoleUrl: string;
  readonly login: string;
  readonly password: string;
  readonly account: string;
  readonly certDir: string;
  readonly dataDir: string;
};

const mark = (isVerified: boolean): string => (isVerified ? '✓' : '✗');

/** Orders by hand, exactly as a merchant's program would: the signature is made over the very bytes that are sent. */
function curlLines(guide: Guide): string {
  const order = '"amount":"500.00","number":"79005554455","service":"qiwi_rub","notification_endpoint_id":5';
  return [
    `  cd ${guide.certDir}`,
    `  BODY='{"order_id":"'$(date +%s)'",${order}}'`,
    '  SIGN=$(printf %s "$BODY" | openssl dgst -sha1 -sign private.pem -passin file:password.txt | openssl base64 -A)',
    `  curl -s ${guide.baseUrl}/v1/payout -H 'Content-Type: application/json' \\`,
    `    -H 'Account: ${guide.account}' -H "Sign: $SIGN" -d "$BODY"`,
  ].join('\n');
}

function cliLine(guide: Guide): string {
  const order = '--amount 500.00 --number 79005554455 --service qiwi_rub --order-id my-1';
  return `  npx vyplata payout create --demo ${guide.dataDir} ${order}`;
}

const english: Texts = {
  before: (balance, currency) => `balance before   ${balance} ${currency}`,
  accepted: (id, orderId) => `accepted         id ${id}, order ${orderId}`,
  held: (amount) => `held             ${amount}`,
  state: (state) => state.padEnd(17),
  notified: (status, isVerified) => `notified         ${status}, signature verified ${mark(isVerified)}`,
  after: (balance, currency) => `balance after    ${balance} ${currency}`,
  next: (guide) =>
    `\nThe gateway serves ${guide.baseUrl}. Ctrl-C stops it.\n` +
    `\nOperators: ${guide.consoleUrl} (login ${guide.login}, password ${guide.password})\n` +
    `\nOrder a payout with curl and openssl:\n${curlLines(guide)}\n` +
    `\nOr with the command line tool:\n${cliLine(guide)}\n`,
};

const russian: Texts = {
  before: (balance, currency) => `баланс до        ${balance} ${currency}`,
  accepted: (id, orderId) => `принята          id ${id}, заказ ${orderId}`,
  held: (amount) => `удержано         ${amount}`,
  state: (state) => ({ sent: 'отправлена', paid: 'выплачена', fail: 'отклонена', cancel: 'отменена' })[state] ?? state,
  notified: (status, isVerified) => `уведомление      ${status}, подпись проверена ${mark(isVerified)}`,
  after: (balance, currency) => `баланс после     ${balance} ${currency}`,
  next: (guide) =>
    `\nШлюз работает на ${guide.baseUrl}. Остановить: Ctrl-C.\n` +
    `\nОператорам: ${guide.consoleUrl} (логин ${guide.login}, пароль ${guide.password})\n` +
    `\nЗаказать выплату через curl и openssl:\n${curlLines(guide)}\n` +
    `\nИли утилитой командной строки:\n${cliLine(guide)}\n`,
};

export const demoTexts: Readonly<Record<'en' | 'ru', Texts>> = { en: english, ru: russian };
