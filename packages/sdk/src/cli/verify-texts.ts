// Owns what a person reads about a signature that does not fit, in English and Russian.
// Promises a sentence that says what was proved and what to do, for each finding.
// Refuses to know how it was found.
import type { NotificationFinding } from '../explain-notification.ts';
import type { NotificationRefusal } from '../notification.ts';
import type { Language } from './texts.ts';

type Pair = { en: string; ru: string };

const advice: Record<NotificationFinding | NotificationRefusal, Pair> = {
  other_key: {
    en: 'It was signed with another key. Take public.pem of the notifications certificate of this very gateway.',
    ru: 'Подписано другим ключом. Нужен public.pem сертификата уведомлений (не ваш собственный) именно этого шлюза.',
  },
  other_method: {
    en: 'It was signed for the other method: POST holds true or false, GET 0 or 1. Check it as it was sent.',
    ru: 'Подписано для другого метода: в POST стоит true или false, в GET 0 или 1. Проверяйте тем, каким пришло.',
  },
  types_changed: {
    en: 'The values are right, their types are not: a number or a boolean became text. Verify the raw body.',
    ru: 'Значения верны, а типы нет: число или логическое значение превращено в строку. Проверяйте исходное тело.',
  },
  white_space: {
    en: 'The values lost or gained white space at their ends, as frameworks that trim input do. Verify the raw body.',
    ru: 'У значений пропали или добавились пробелы по краям, как при обрезке ввода. Проверяйте исходное тело.',
  },
  plus_or_space: {
    en: 'A plus and a space were mixed up when the query was decoded. Decode it as a form (RFC 1738).',
    ru: 'При разборе запроса перепутаны плюс и пробел. Разбирайте его как форму (RFC 1738).',
  },
  values_changed: {
    en: 'The key is right and the values are not those that were signed. Do not act on them.',
    ru: 'Ключ верный, но значения не те, что были подписаны. Не используйте их.',
  },
  sign_mismatch: { en: 'The signature does not fit.', ru: 'Подпись не подходит.' },
  too_large: { en: 'A notification is much smaller than this.', ru: 'Уведомление намного меньше.' },
  malformed: {
    en: 'This is not the JSON of a notification. Pass the body exactly as it arrived.',
    ru: 'Это не JSON уведомления. Передайте тело в точности как оно пришло.',
  },
  field_missing: {
    en: 'All eleven fields and the sign are needed. Pass the whole body or query.',
    ru: 'Нужны все одиннадцать полей и sign. Передайте тело или запрос целиком.',
  },
  field_repeated: { en: 'A field occurs twice.', ru: 'Поле повторяется.' },
  field_type: { en: 'The field has another type than the contract says.', ru: 'Тип поля не тот, что в контракте.' },
  sign_missing: { en: 'There is no "sign".', ru: 'Нет поля «sign».' },
  sign_not_base64: {
    en: 'The sign is not plain base64: a plus may have become a space, or the end was cut off.',
    ru: 'sign — не обычный base64: возможно, плюс стал пробелом или конец обрезан.',
  },
  unsupported: {
    en: 'It is signed rightly and of a kind that this version does not know. Update the package.',
    ru: 'Подпись верна, но такой вид уведомления этой версии неизвестен. Обновите пакет.',
  },
};

export function adviceOn(finding: NotificationFinding | NotificationRefusal, language: Language): string {
  return advice[finding][language];
}
