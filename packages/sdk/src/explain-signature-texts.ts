import type { BodyVariant } from './body-variants.ts';
import type { Spelling } from './sign-spelling.ts';
import type { SignatureFinding } from './signature-finding.ts';

export type ExplainLanguage = 'en' | 'ru';

type Texts = {
  readonly variants: Readonly<Record<BodyVariant, string>>;
  readonly spellings: Readonly<Record<Spelling, string>>;
  write(finding: SignatureFinding): string;
};

const en: Texts = {
  variants: {
    line_break_missing: 'the body without the line break at its end',
    line_break_added: 'the body with a line break added at its end',
    spaces_trimmed: 'the body without the spaces around it',
    bom_missing: 'the body without the byte order mark that was sent',
    bom_added: 'the body with a byte order mark that was not sent',
    line_breaks_unix: 'the body with Unix line breaks; it was sent with Windows ones',
    line_breaks_windows: 'the body with Windows line breaks; it was sent with Unix ones',
    empty: 'an empty text',
    hex_digest: 'the digest of the body as hex text, so it was digested twice',
    raw_digest: 'the digest of the body, so it was digested twice',
    base64_body: 'the body in base64',
    json_compact: 'the JSON encoded again without spaces',
    json_python: 'the JSON encoded again with a space after comma and colon, as Python does',
    json_python_ascii: 'the JSON encoded again as Python does by default: spaces, and \\u for all but ASCII',
    json_php: 'the JSON encoded again as PHP does by default: \\/ and \\u',
    json_php_slashes: 'the JSON encoded again with \\u for all but ASCII',
    json_php_unicode: 'the JSON encoded again with \\/ for slashes',
    json_go: 'the JSON encoded again as Go does: \\u003c for <, > and &',
    json_sorted: 'the JSON encoded again with sorted keys',
    json_pretty: 'the JSON encoded again with indentation',
    values_joined: 'the values joined, without the keys',
    form: 'the fields as a form (a=1&b=2)',
    encoding_utf16: 'the body in UTF-16; it was sent in UTF-8',
    encoding_latin1: 'the body in Latin-1; it was sent in UTF-8',
  },
  spellings: {
    line_breaks: 'it has line breaks; remove them (PHP: none are added; Ruby: strict_encode64; OpenSSL: base64 -A)',
    spaces: 'it has spaces around or in it',
    quotes: 'it is in quotes',
    base64url: 'it is in the URL alphabet (- and _); use the standard one (+ and /)',
    padding_missing: 'the padding (=) at its end is missing',
    url_encoded: 'it is URL-encoded; a header takes it as it is',
    plus_lost: 'it has spaces where + was: something decoded it like a form',
    json_escaped: 'its slashes are escaped (\\/): it was cut out of JSON',
    hex: 'it is hex; encode the bytes in base64',
    encoded_twice: 'it was encoded in base64 twice',
    not_canonical: 'its last character has bits that no encoder writes: was a character lost or changed?',
  },
  write(finding) {
    switch (finding.code) {
      case 'sign_missing':
        return 'There is no Sign header.';
      case 'sign_spelling':
        return `The signature is misspelled: ${en.spellings[finding.spelling]}.`;
      case 'sign_not_base64':
        return 'The Sign header is not base64 at all.';
      case 'no_keys':
        return 'There is no RSA key to verify with. Make or upload one first.';
      case 'length_wrong':
        return (
          `The signature has ${finding.signBytes} bytes, the keys make signatures of ${finding.keyBytes}. ` +
          'Another key pair signed it, or it was cut.'
        );
      case 'key_unknown':
        return (
          'None of these keys made this signature. Another key pair signed it: compare the fingerprints, and ' +
          'look whether the program uses the private.pem of the newest archive.'
        );
      case 'padding_pss':
        return `The key "${finding.label}" signed it with PSS padding. Use PKCS#1 v1.5.`;
      case 'digest_unsupported':
        return (
          `The key "${finding.label}" signed it with the digest ${finding.digest}. Use SHA-1, or SHA-256 if ` +
          'the key allows it.'
        );
      case 'digest_refused':
        return (
          `The digest ${finding.digest} is right, but the key "${finding.label}" is set to another one. Change ` +
          'the setting of the key or the digest of the program.'
        );
      case 'key_retired':
        return `The key "${finding.label}" is retired. Sign with an active one.`;
      case 'key_expired':
        return `The key "${finding.label}" has expired. Sign with an active one.`;
      case 'body_variant':
        return (
          `The key "${finding.label}" is right, but what it signed is ${en.variants[finding.variant]}. Encode ` +
          'once, and sign and send the same bytes.'
        );
      case 'body_other':
        return (
          `The key "${finding.label}" is right, but it signed other bytes than these. Compare the digest of ` +
          'what the program signs with the ones of this body.'
        );
      case 'digest_bare':
        return (
          `The key "${finding.label}" is right, but the bare digest was encrypted. Use a function that signs ` +
          `(it names ${finding.digest} inside the signature).`
        );
      default:
        return finding satisfies never;
    }
  },
};

const ru: Texts = {
  variants: {
    line_break_missing: 'тело без перевода строки в конце',
    line_break_added: 'тело с добавленным в конце переводом строки',
    spaces_trimmed: 'тело без пробелов по краям',
    bom_missing: 'тело без метки BOM, которая была отправлена',
    bom_added: 'тело с меткой BOM, которой в отправленном нет',
    line_breaks_unix: 'тело с переводами строк Unix, а отправлено с переводами Windows',
    line_breaks_windows: 'тело с переводами строк Windows, а отправлено с переводами Unix',
    empty: 'пустой текст',
    hex_digest: 'хеш тела в шестнадцатеричном виде, то есть хеш взят дважды',
    raw_digest: 'хеш тела, то есть хеш взят дважды',
    base64_body: 'тело в base64',
    json_compact: 'JSON, закодированный заново без пробелов',
    json_python: 'JSON, закодированный заново с пробелом после запятой и двоеточия, как в Python',
    json_python_ascii: 'JSON, закодированный заново как в Python по умолчанию: с пробелами и \\u вместо не-ASCII',
    json_php: 'JSON, закодированный заново как в PHP по умолчанию: с \\/ и \\u',
    json_php_slashes: 'JSON, закодированный заново с \\u вместо не-ASCII',
    json_php_unicode: 'JSON, закодированный заново с \\/ вместо косых черт',
    json_go: 'JSON, закодированный заново как в Go: с \\u003c вместо <, > и &',
    json_sorted: 'JSON, закодированный заново с отсортированными ключами',
    json_pretty: 'JSON, закодированный заново с отступами',
    values_joined: 'склеенные значения без ключей',
    form: 'поля в виде формы (a=1&b=2)',
    encoding_utf16: 'тело в UTF-16, а отправлено в UTF-8',
    encoding_latin1: 'тело в Latin-1, а отправлено в UTF-8',
  },
  spellings: {
    line_breaks: 'в ней есть переводы строк; уберите их (Ruby: strict_encode64; OpenSSL: base64 -A)',
    spaces: 'в ней или вокруг неё есть пробелы',
    quotes: 'она в кавычках',
    base64url: 'она в алфавите для URL (- и _); нужен обычный (+ и /)',
    padding_missing: 'в конце нет дополнения (=)',
    url_encoded: 'она закодирована для URL; в заголовок её пишут как есть',
    plus_lost: 'на месте + стоят пробелы: её раскодировали как форму',
    json_escaped: 'косые черты экранированы (\\/): её вырезали из JSON',
    hex: 'она шестнадцатеричная; закодируйте байты в base64',
    encoded_twice: 'она закодирована в base64 дважды',
    not_canonical: 'в последнем символе есть биты, которых не пишет ни один кодировщик: символ потерян или изменён?',
  },
  write(finding) {
    switch (finding.code) {
      case 'sign_missing':
        return 'Заголовка Sign нет.';
      case 'sign_spelling':
        return `Подпись записана неверно: ${ru.spellings[finding.spelling]}.`;
      case 'sign_not_base64':
        return 'Заголовок Sign — вообще не base64.';
      case 'no_keys':
        return 'Нет ни одного ключа RSA для проверки. Сначала создайте или загрузите ключ.';
      case 'length_wrong':
        return (
          `В подписи ${finding.signBytes} байт, а ключи дают подписи по ${finding.keyBytes}. Подписала другая ` +
          'пара ключей, или подпись обрезана.'
        );
      case 'key_unknown':
        return (
          'Ни один из этих ключей такой подписи не делал. Подписала другая пара: сравните отпечатки и ' +
          'проверьте, что программа берёт private.pem из последнего архива.'
        );
      case 'padding_pss':
        return `Ключ «${finding.label}» подписал с дополнением PSS. Нужно PKCS#1 v1.5.`;
      case 'digest_unsupported':
        return (
          `Ключ «${finding.label}» подписал с хешем ${finding.digest}. Нужен SHA-1 или SHA-256, если ключ его ` +
          'допускает.'
        );
      case 'digest_refused':
        return (
          `Хеш ${finding.digest} верен, но ключ «${finding.label}» настроен на другой. Измените настройку ` +
          'ключа или хеш в программе.'
        );
      case 'key_retired':
        return `Ключ «${finding.label}» отозван. Подписывайте действующим.`;
      case 'key_expired':
        return `Срок ключа «${finding.label}» истёк. Подписывайте действующим.`;
      case 'body_variant':
        return (
          `Ключ «${finding.label}» верный, но подписано не то: ${ru.variants[finding.variant]}. Закодируйте ` +
          'один раз, подпишите и отправьте одни и те же байты.'
        );
      case 'body_other':
        return (
          `Ключ «${finding.label}» верный, но подписаны другие байты. Сравните хеш того, что подписывает ` +
          'программа, с хешами этого тела.'
        );
      case 'digest_bare':
        return (
          `Ключ «${finding.label}» верный, но зашифрован сам хеш. Нужна функция подписи: она указывает ` +
          `${finding.digest} внутри подписи.`
        );
      default:
        return finding satisfies never;
    }
  },
};

/** A finding in words that say what to do. */
export function describeFinding(finding: SignatureFinding, language: ExplainLanguage): string {
  return (language === 'ru' ? ru : en).write(finding);
}
