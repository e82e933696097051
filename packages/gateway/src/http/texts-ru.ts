import { amountExample, type Texts, type TextValues } from './texts-en.ts';
import { operatorTextsRu } from './operator-texts-ru.ts';

const askStatus = 'Запросите POST /v1/payout/status с тем же order_id; не считайте выплату неуспешной или отменённой.';

/** Называет контакт поддержки, если он задан. */
function contact(values: TextValues): string {
  return values.support === undefined || values.support === '' ? '' : ` Поддержка: ${values.support}.`;
}

function requestId(values: TextValues): string {
  return values.requestId === undefined ? '' : ` Номер запроса: ${values.requestId}.`;
}

function place(values: TextValues): string {
  return values.at === undefined ? '' : ` (символ ${values.at})`;
}

function fractionRule(values: TextValues): string {
  return values.digits === 0 ? 'быть знаков после точки' : `быть больше ${values.digits} знаков после точки`;
}

export const textsRu: Texts = {
  sign_missing: () => 'Нет заголовка Sign. Подпишите точные байты тела и передайте подпись в base64.',
  sign_repeated: () => 'Заголовок Sign передан несколько раз. Передайте его один раз.',
  sign_not_base64: () =>
    'Заголовок Sign — не base64: нужен стандартный алфавит с дополнением «=», без переносов строк.',
  sign_wrong: () =>
    'Подпись не подходит. Подписывайте точные байты отправляемого тела (RSA, PKCS#1 v1.5, SHA-1) закрытым ключом ' +
    'действующего сертификата на выплаты мерчанта, которому принадлежит счёт.',
  sign_digest_refused: (values) =>
    `Этот алгоритм хеширования не разрешён для ключа. Используйте ${values.allowed ?? 'алгоритм'}, заданный ` +
    'в настройках сертификата, или измените эту настройку.',
  sign_v2_needed: () =>
    'Этот счёт принимает только запросы со второй схемой подписи. Передайте Signature-V2, Signature-Time и ' +
    'Signature-Nonce.',
  sign_time_wrong: (values) =>
    `Signature-Time — это текущее время в целых секундах с 1970 года, не дальше ${values.seconds} с от часов шлюза. ` +
    'Проверьте часы и подпишите запрос заново.',
  sign_nonce_wrong: () =>
    'Signature-Nonce — это от 16 до 64 букв, цифр, «-» или «_». Создайте новое случайное значение.',
  sign_nonce_used: () =>
    'Этот подписанный запрос уже получен. Подпишите его заново с новым nonce: один заказ не выплачивается дважды.',

  account_missing: () => 'Нет заголовка Account. Передайте UUID одного из ваших счетов.',
  account_repeated: () => 'Заголовок Account передан несколько раз. Передайте его один раз.',
  account_not_uuid: () => 'Значение заголовка Account — не UUID. Скопируйте UUID счёта из личного кабинета.',
  account_unknown: () => 'Такого счёта нет. Скопируйте UUID одного из ваших счетов из личного кабинета.',
  account_disabled: () => 'Счёт отключён. Используйте другой счёт или попросите поддержку включить этот.',
  account_not_sandbox: () => 'Этот счёт не в режиме песочницы. Чтобы время шло быстрее, возьмите счёт песочницы.',
  sandbox_script_unknown: ({ field }) =>
    `Поле ${field} не называет сценария песочницы. Возьмите имя из её документации, например «partial».`,
  sandbox_after_wrong: ({ field, max }) => `Поле ${field} должно быть целым числом секунд до ${max}.`,
  account_frozen: () => 'Счёт заморожен, выплаты с него не принимаются. Обратитесь в поддержку.',
  payouts_switched_off: () => 'Выплаты с этого счёта отключены. Обратитесь в поддержку.',

  json_empty: () => 'Тело запроса пустое. Передайте объект JSON.',
  json_bom: () => 'Тело запроса начинается с метки порядка байтов (BOM). Передайте UTF-8 без неё.',
  json_encoding: () => 'Тело запроса не является корректным UTF-8. Передайте его в кодировке UTF-8.',
  json_syntax: (values) => `Тело запроса — не корректный JSON${place(values)}.`,
  json_duplicate_key: (values) =>
    `В теле запроса один и тот же ключ повторяется в объекте${place(values)}. Передайте каждый ключ один раз.`,
  json_too_deep: (values) =>
    `Слишком глубокая вложенность в теле запроса${place(values)}. Допускается не больше 4 уровней.`,
  json_nul: (values) => `В теле запроса есть нулевой символ NUL${place(values)}. Уберите его.`,
  json_lone_surrogate: (values) =>
    `В теле запроса есть половина суррогатной пары${place(values)}. Передавайте символы целиком.`,
  json_not_object: () => 'Тело запроса должно быть объектом JSON.',

  path_unknown: () => 'Такого пути нет. Проверьте URL.',
  method_wrong: (values) => `Этот путь не принимает такой метод. Используйте ${values.allowed ?? 'POST'}.`,
  content_type_wrong: () => 'Тело должно быть в формате JSON. Передайте заголовок Content-Type: application/json.',
  content_encoding_refused: () => 'Сжатое тело не принимается. Передайте его без Content-Encoding.',
  body_too_large: (values) =>
    `Тело запроса слишком большое${values.max === undefined ? '' : `: допускается не больше ${values.max} байт`}.`,
  headers_too_large: () => 'Заголовки слишком большие. Передавайте только нужные.',
  request_malformed: () => 'Запрос не соответствует протоколу HTTP.',
  request_too_slow: () => 'Запрос передавался слишком медленно и не был обработан. Отправьте его ещё раз.',
  too_fast: (values) =>
    'Слишком много запросов. Ничего не выполнено; повторите этот запрос ' +
    `${values.seconds === undefined ? 'позже' : `через ${values.seconds} с`}.`,
  overloaded: () => 'Шлюз перегружен. Ничего не выполнено; повторите запрос немного позже.',
  unavailable_now: () => 'Шлюз сейчас не может принять запрос. Ничего не выполнено; повторите запрос немного позже.',
  timed_out: () => 'Подготовка ответа заняла слишком много времени. Повторите запрос немного позже.',
  internal_error: (values) =>
    `В шлюзе произошла ошибка. Если это была выплата, её результат неизвестен. ${askStatus}` +
    requestId(values) +
    contact(values),
  outcome_unknown: (values) =>
    `Пока неизвестно, создана ли выплата. ${askStatus}${requestId(values)}${contact(values)}`,
  callback_refused: () => 'Это не уведомление провайдера, или его подпись не сходится.',
  address_not_allowed: () =>
    'Запросы с этого адреса не разрешены. Попросите оператора шлюза добавить его в ваш список адресов.',

  field_required: (values) => `Поле ${values.field} обязательно.`,
  field_not_text: (values) => `Поле ${values.field} должно быть строкой.`,
  field_not_text_or_integer: (values) => `Поле ${values.field} должно быть строкой или целым числом.`,
  field_not_integer: (values) => `Поле ${values.field} должно быть положительным целым числом.`,
  field_not_object: (values) => `Поле ${values.field} должно быть объектом.`,
  field_blank: (values) => `Поле ${values.field} не должно быть пустым.`,
  field_too_long: (values) => `Поле ${values.field} должно содержать не больше ${values.max} символов.`,
  field_control_characters: (values) => `Поле ${values.field} не должно содержать управляющих символов.`,
  field_not_printable: (values) => `Поле ${values.field} должно содержать от 1 до 64 печатных символов.`,

  amount_type: () => 'Сумма должна быть строкой, например "1000.44", или числом.',
  amount_format: (values) =>
    `Сумма записывается так: ${amountExample(values)} — цифры и точка, без знака, пробелов, экспоненты и ` +
    'ведущих нулей.',
  amount_digits: (values) => `В сумме не может ${fractionRule(values)} и больше ${values.max} цифр всего.`,
  amount_not_positive: () => 'Сумма должна быть больше нуля.',
  amount_below_min: (values) => `Сумма меньше минимальной для этого сервиса: ${values.min} ${values.currency}.`,
  amount_above_max: (values) => `Сумма больше максимальной для этого сервиса: ${values.max} ${values.currency}.`,
  amount_below_commission: (values) =>
    `После комиссии ${values.commission} ${values.currency} получателю ничего не останется. Укажите большую сумму.`,
  amount_over_limit: () =>
    'Сумма больше той, которую этот счёт ещё может заказать сегодня (UTC). Отправьте её завтра или попросите ' +
    'увеличить лимит.',
  funds_insufficient: () =>
    'Недостаточно средств: сумма вместе с комиссией превышает доступный остаток счёта. Пополните счёт или укажите ' +
    'меньшую сумму.',

  service_unknown: () => 'Такого сервиса нет, или он не включён для этого счёта. Список — в POST /v1/account/info.',
  service_other_currency: (values) =>
    `Валюта сервиса — ${values.serviceCurrency}, а валюта счёта — ${values.accountCurrency}. Используйте сервис ` +
    'в валюте счёта или другой счёт.',
  card_digits: () => 'Номер карты должен содержать от 12 до 19 цифр.',
  card_check_digit: () => 'Номер карты неверен: не сходится контрольная цифра. Проверьте, нет ли опечатки.',
  phone_wrong: () => 'Номер должен быть номером телефона из цифр с кодом страны, без «+».',
  sbp_phone_wrong: () => 'Номер должен быть российским номером телефона из 11 цифр, начинающимся с 7, без «+».',
  wallet_phone_wrong: () =>
    'Номер должен быть номером телефона кошелька из цифр с кодом страны, без «+», например 79005554455.',
  iban_wrong: () => 'Номер должен быть корректным IBAN. Проверьте страну, длину и контрольные цифры.',
  bank_account_digits: () => 'Номер должен быть банковским счётом из 20 цифр.',
  bank_account_key: () =>
    'Номер счёта не подходит к БИК из customer_code: неверный контрольный ключ. Проверьте оба значения.',
  sbp_member_wrong: () => 'Поле customer_code должно быть идентификатором банка получателя в СБП: 12 цифр.',
  bic_wrong: () => 'Поле customer_code должно быть БИК банка получателя: 9 цифр.',

  url_wrong: (values) => `Поле ${values.field} должно быть URL без пробелов, например https://shop.example/notify.`,
  url_scheme: (values) => `Поле ${values.field} должно быть URL, который начинается с https:// или http://.`,
  url_user_info: (values) => `Поле ${values.field} не должно содержать имя пользователя или пароль.`,
  url_host_not_public: (values) => `Поле ${values.field} должно указывать на узел в открытом интернете.`,
  url_port: (values) => `Порт в поле ${values.field} не разрешён. Используйте 80, 443 или любой от 1024.`,
  endpoint_unknown: () => 'Такого адреса уведомлений нет. Возьмите id из списка в личном кабинете.',

  extra_too_many: (values) => `В поле extra может быть не больше ${values.max} собственных ключей.`,
  card_year_wrong: (values) => `Поле ${values.field} должно содержать две последние цифры года, например "29".`,
  card_month_wrong: (values) => `Поле ${values.field} должно содержать месяц от "01" до "12".`,
  country_two_wrong: (values) => `Поле ${values.field} должно содержать код страны ISO 3166-1 alpha-2, например "DE".`,
  country_three_wrong: (values) =>
    `Поле ${values.field} должно содержать код страны ISO 3166-1 alpha-3, например "DEU".`,
  date_wrong: (values) => `Поле ${values.field} должно содержать существующую дату в виде ГГГГ-ММ-ДД.`,
  date_not_past: (values) => `Поле ${values.field} должно содержать дату в прошлом.`,
  email_wrong: (values) => `Поле ${values.field} должно содержать адрес электронной почты.`,
  customer_phone_wrong: (values) => `Поле ${values.field} должно содержать номер телефона, например "79001112233".`,

  order_id_used: () =>
    'Этот order_id уже использован в заказе с другими значениями. Для нового заказа возьмите новый order_id ' +
    'или повторите прежний заказ без изменений.',
  lookup_missing: () => 'Передайте order_id или id, чтобы выплату можно было найти.',
  lookup_disagrees: () => 'order_id и id относятся к разным выплатам. Передайте один из них или подходящую пару.',
  order_not_found: () => 'Выплаты с таким order_id нет.',
  payout_not_found: () => 'Выплаты с таким id нет.',

  ...operatorTextsRu,
};
