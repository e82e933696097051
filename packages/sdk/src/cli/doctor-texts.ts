// Owns what the doctor says: what was found and how to cure it, in English and Russian.
// Promises one cure per finding, as a thing to do.
// Refuses to know how a finding is made.
import type { Language } from './texts.ts';

type Values = Readonly<Record<string, string | number>>;
type Text = (values: Values) => string;
type Finding = { en: { found: Text; cure: Text }; ru: { found: Text; cure: Text } };

const say = (found: Text, cure: Text = () => '') => ({ found, cure });

export const FINDINGS = {
  ok: { en: say(({ what }) => String(what)), ru: say(({ what }) => String(what)) },
  settings_missing: {
    en: say(
      ({ names }) => `not given: ${names}`,
      ({ names }) => `Give ${names}, or use --demo <data dir> of a running demo.`,
    ),
    ru: say(
      ({ names }) => `не задано: ${names}`,
      ({ names }) => `Задайте ${names} или укажите --demo <папка данных> запущенной демонстрации.`,
    ),
  },
  url_wrong: {
    en: say(
      ({ url }) => `"${url}" is no address of a gateway`,
      () => 'Give scheme and host only, such as https://pay.example.com',
    ),
    ru: say(
      ({ url }) => `«${url}» — не адрес шлюза`,
      () => 'Укажите только схему и имя: https://pay.example.com',
    ),
  },
  url_plain: {
    en: say(
      ({ url }) => `${url} is not encrypted`,
      () => 'Use https:// for everything that is not on this machine.',
    ),
    ru: say(
      ({ url }) => `${url} без шифрования`,
      () => 'Используйте https:// для всего, что не на этой машине.',
    ),
  },
  account_not_uuid: {
    en: say(
      ({ account }) => `the account "${account}" is no UUID`,
      () => 'Copy the account from the console, section Accounts; it looks like 93d5df06-996c-48c3-9847-348d6b580b80.',
    ),
    ru: say(
      ({ account }) => `счёт «${account}» — не UUID`,
      () => 'Скопируйте счёт из кабинета, раздел «Счета»; он выглядит как 93d5df06-996c-48c3-9847-348d6b580b80.',
    ),
  },
  key_file_missing: {
    en: say(
      ({ path }) => `${path} cannot be read`,
      () => 'Unpack the key archive there, or name its folder with --cert-dir.',
    ),
    ru: say(
      ({ path }) => `${path} не читается`,
      () => 'Распакуйте туда архив ключа или укажите его папку через --cert-dir.',
    ),
  },
  key_unusable: {
    en: say(
      ({ why }) => String(why),
      () => 'Unpack password.txt and private.pem of one archive again; both come from the same download.',
    ),
    ru: say(
      ({ why }) => `Закрытый ключ не открывается: ${why}`,
      () => 'Распакуйте заново password.txt и private.pem из одного архива: они скачиваются вместе.',
    ),
  },
  key_weak: {
    en: say(
      ({ why }) => `the key is not acceptable: ${why}`,
      () => 'Make a new pair with "vyplata keys generate --out <folder>" and upload its public.pem.',
    ),
    ru: say(
      ({ why }) => `ключ неприемлем: ${why}`,
      () => 'Создайте новую пару: «vyplata keys generate --out <папка>» — и загрузите её public.pem.',
    ),
  },
  key_pair_mixed: {
    en: say(
      () => 'public.pem and private.pem of the folder belong to different pairs',
      () => 'Put the three files of one archive into the folder; upload that public.pem if it is not in the console.',
    ),
    ru: say(
      () => 'public.pem и private.pem в папке из разных пар',
      () => 'Положите в папку три файла одного архива; загрузите этот public.pem, если в кабинете его нет.',
    ),
  },
  key_open_to_others: {
    en: say(
      ({ path }) => `${path} can be read by other users of this machine`,
      ({ path }) => `chmod 600 ${path}`,
    ),
    ru: say(
      ({ path }) => `${path} могут прочитать другие пользователи этой машины`,
      ({ path }) => `chmod 600 ${path}`,
    ),
  },
  host_unknown: {
    en: say(
      ({ host }) => `there is no host ${host}`,
      () => 'Look for a typing mistake in --url; if it is right, the DNS of this machine does not know it.',
    ),
    ru: say(
      ({ host }) => `хоста ${host} нет`,
      () => 'Проверьте --url на опечатку; если он верен, его не знает DNS этой машины.',
    ),
  },
  connection_refused: {
    en: say(
      ({ host }) => `nobody listens at ${host}`,
      () => 'Start the gateway, or correct the port in --url.',
    ),
    ru: say(
      ({ host }) => `на ${host} никто не отвечает на подключение`,
      () => 'Запустите шлюз или исправьте порт в --url.',
    ),
  },
  tls_untrusted: {
    en: say(
      ({ why }) => `the TLS certificate is not trusted (${why})`,
      () => 'Never switch verification off. Name the issuing authority with NODE_EXTRA_CA_CERTS=<ca.pem>.',
    ),
    ru: say(
      ({ why }) => `TLS-сертификату нельзя доверять (${why})`,
      () => 'Никогда не отключайте проверку. Укажите удостоверяющий центр: NODE_EXTRA_CA_CERTS=<ca.pem>.',
    ),
  },
  timeout: {
    en: say(
      ({ seconds }) => `no answer within ${seconds} s`,
      () => 'A firewall may drop the packets: allow outgoing TCP to this host and port.',
    ),
    ru: say(
      ({ seconds }) => `нет ответа за ${seconds} с`,
      () => 'Возможно, пакеты отбрасывает межсетевой экран: разрешите исходящий TCP к этому хосту и порту.',
    ),
  },
  connection_failed: {
    en: say(
      ({ why }) => `the connection failed: ${why}`,
      () => 'Check proxy settings and the network between this machine and the gateway.',
    ),
    ru: say(
      ({ why }) => `соединение не удалось: ${why}`,
      () => 'Проверьте прокси и сеть между этой машиной и шлюзом.',
    ),
  },
  redirected: {
    en: say(
      ({ to }) => `the address redirects to ${to}; signed orders never follow`,
      ({ to }) => `Give the final address: --url ${to}`,
    ),
    ru: say(
      ({ to }) => `адрес перенаправляет на ${to}; подписанные заказы за ним не идут`,
      ({ to }) => `Укажите окончательный адрес: --url ${to}`,
    ),
  },
  not_the_api: {
    en: say(
      ({ status }) => `what answers there is not this API (HTTP ${status})`,
      () => 'Check host, port and path in --url: something else listens there, or a proxy answers by itself.',
    ),
    ru: say(
      ({ status }) => `там отвечает не этот API (HTTP ${status})`,
      () => 'Проверьте имя, порт и путь в --url: там что-то другое или прокси отвечает сам.',
    ),
  },
  unavailable: {
    en: say(
      ({ status }) => `the gateway is not ready (HTTP ${status})`,
      () => 'Try again in a minute; if it stays, tell the operators of the gateway.',
    ),
    ru: say(
      ({ status }) => `шлюз не готов (HTTP ${status})`,
      () => 'Повторите через минуту; если не пройдёт, сообщите операторам шлюза.',
    ),
  },
  clock_off: {
    en: say(
      ({ seconds }) => `the clock of this machine is ${seconds} s off`,
      () => 'Switch time synchronisation on (timedatectl set-ntp true): signatures with a time are refused otherwise.',
    ),
    ru: say(
      ({ seconds }) => `часы этой машины расходятся на ${seconds} с`,
      () => 'Включите синхронизацию времени (timedatectl set-ntp true): иначе подписи с временем отклоняются.',
    ),
  },
  account_refused: {
    en: say(
      ({ text }) => `the account is refused: ${text}`,
      () => 'Copy the account from the console again. It has to belong to the merchant whose key signs.',
    ),
    ru: say(
      ({ text }) => `счёт отклонён: ${text}`,
      () => 'Скопируйте счёт из кабинета заново. Он должен принадлежать мерчанту, чьим ключом вы подписываете.',
    ),
  },
  sign_refused: {
    en: say(
      ({ text }) => `the signature is refused: ${text}`,
      ({ fingerprint }) =>
        `Upload public.pem of this folder in the console, section Keys, and compare the fingerprint ${fingerprint}.`,
    ),
    ru: say(
      ({ text }) => `подпись отклонена: ${text}`,
      ({ fingerprint }) =>
        `Загрузите public.pem из этой папки в кабинете, раздел «Ключи», и сверьте отпечаток ${fingerprint}.`,
    ),
  },
  refused: {
    en: say(
      ({ text }) => `refused: ${text}`,
      () => 'Do what the text says, or ask the operators of the gateway.',
    ),
    ru: say(
      ({ text }) => `отклонено: ${text}`,
      () => 'Сделайте то, о чём говорит текст, или спросите операторов шлюза.',
    ),
  },
  payouts_not_allowed: {
    en: say(
      () => 'the account may not order payouts',
      () => 'Ask the operators of the gateway to allow payouts for it.',
    ),
    ru: say(
      () => 'счёту не разрешены выплаты',
      () => 'Попросите операторов шлюза разрешить ему выплаты.',
    ),
  },
  no_service: {
    en: say(
      () => 'no service is active for the account',
      () => 'Ask the operators of the gateway to enable the services you need.',
    ),
    ru: say(
      () => 'для счёта не включён ни один сервис',
      () => 'Попросите операторов шлюза включить нужные сервисы.',
    ),
  },
  balance_empty: {
    en: say(
      ({ balance }) => `the balance is ${balance}`,
      () => 'Top the account up: every order would be refused for lack of funds.',
    ),
    ru: say(
      ({ balance }) => `баланс ${balance}`,
      () => 'Пополните счёт: иначе каждый заказ будет отклонён из-за нехватки средств.',
    ),
  },
  notification_key_unusable: {
    en: say(
      ({ why }) => `the key for notifications cannot be used: ${why}`,
      () => 'Download public.pem of the notifications certificate in the console, section Notifications.',
    ),
    ru: say(
      ({ why }) => `ключ уведомлений непригоден: ${why}`,
      () => 'Скачайте public.pem сертификата уведомлений в кабинете, раздел «Уведомления».',
    ),
  },
  notification_key_own: {
    en: say(
      () => 'the key for notifications is your own payouts key',
      () => 'Notifications are signed by the gateway: take public.pem of the notifications certificate instead.',
    ),
    ru: say(
      () => 'вместо ключа уведомлений указан ваш собственный ключ выплат',
      () => 'Уведомления подписывает шлюз: возьмите public.pem сертификата уведомлений.',
    ),
  },
} satisfies Record<string, Finding>;

export type FindingCode = keyof typeof FINDINGS;

export function wordFinding(finding: { code: FindingCode; values: Values; language: Language }) {
  const { found, cure } = FINDINGS[finding.code][finding.language];
  return { found: found(finding.values), cure: cure(finding.values) };
}
