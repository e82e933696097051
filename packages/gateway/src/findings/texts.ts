type Text = readonly [found: string, cure?: string];

/** By code: what was found, what to do. Names in braces are the finding's values. */
export const texts = {
  unreachable: {
    en: ['the database cannot be reached: {why}', 'Start it, or correct DATABASE_URL.'],
    ru: ['база данных недоступна: {why}', 'Запустите её или исправьте DATABASE_URL.'],
  },
  no_database: {
    en: ['there is no database in {path} yet: the first start makes it'],
    ru: ['в {path} ещё нет базы данных: она появится при первом запуске'],
  },
  version_old: {
    en: ['PostgreSQL {version} is too old', 'Upgrade it to 15 or newer.'],
    ru: ['PostgreSQL {version} слишком старый', 'Обновите его до 15 или новее.'],
  },
  version_fine: { en: ['PostgreSQL {version}'], ru: ['PostgreSQL {version}'] },
  fsync_off: {
    en: [
      'fsync is off: a power failure can lose accepted payouts and damage the database',
      'Set fsync = on in postgresql.conf and reload.',
    ],
    ru: [
      'fsync выключен: сбой питания может уничтожить принятые выплаты и повредить базу',
      'Задайте fsync = on в postgresql.conf и перечитайте настройки.',
    ],
  },
  full_page_writes_off: {
    en: [
      'full_page_writes is off: after a crash of the machine pages may be torn and rows lost',
      'Set full_page_writes = on in postgresql.conf and reload.',
    ],
    ru: [
      'full_page_writes выключен: после сбоя машины страницы могут быть разорваны, а строки потеряны',
      'Задайте full_page_writes = on в postgresql.conf и перечитайте настройки.',
    ],
  },
  synchronous_commit_off: {
    en: [
      'synchronous_commit is off: an order answered 200 may be gone after a crash',
      'Set synchronous_commit = on for the server, and take off what the role or the database sets.',
    ],
    ru: [
      'synchronous_commit выключен: заказ, на который ответили 200, может исчезнуть после сбоя',
      'Задайте synchronous_commit = on на сервере и уберите то, что задано для роли или базы.',
    ],
  },
  synchronous_commit_weak: {
    en: [
      'synchronous_commit is {value}: a commit does not wait until the standby has it on disk',
      'Set synchronous_commit = on, or a failover may lose what was answered 200.',
    ],
    ru: [
      'synchronous_commit = {value}: фиксация не ждёт записи на диск резервного сервера',
      'Задайте synchronous_commit = on, иначе переключение может потерять то, на что ответили 200.',
    ],
  },
  durable: {
    en: ['fsync, full_page_writes and synchronous_commit are on'],
    ru: ['fsync, full_page_writes и synchronous_commit включены'],
  },
  role_superuser: {
    en: [
      'the role {role} is a superuser: whoever gets hold of the gateway has the whole database server',
      'Give the gateway a role of its own that owns its database and nothing else.',
    ],
    ru: [
      'роль {role} — суперпользователь: кто завладеет шлюзом, получит весь сервер баз данных',
      'Дайте шлюзу собственную роль, которой принадлежит только его база.',
    ],
  },
  role_fine: { en: ['the role is {role}'], ru: ['роль — {role}'] },
  clock_off: {
    en: [
      "this machine's clock and the database's are {seconds} s apart",
      'Set both by NTP (timedatectl set-ntp true): deadlines, signatures and one-time codes depend on it.',
    ],
    ru: [
      'часы этой машины и базы данных расходятся на {seconds} с',
      'Синхронизируйте их по NTP (timedatectl set-ntp true): от них зависят сроки, подписи и одноразовые коды.',
    ],
  },
  clock_fine: {
    en: ["this machine's clock and the database's agree"],
    ru: ['часы этой машины и базы данных совпадают'],
  },
  time_zone_fine: {
    en: ['the time zone is {zone} here and {databaseZone} in the database; neither matters'],
    ru: ['часовой пояс — {zone}, в базе — {databaseZone}; на работу они не влияют'],
  },
  schema_behind: {
    en: ['the schema is behind by {count} migrations, from {first} on', 'Run "migrate" with this version first.'],
    ru: ['схема отстаёт на {count} миграций, начиная с {first}', 'Сначала выполните "migrate" этой версией.'],
  },
  schema_unfit: { en: ['the schema does not fit: {why}'], ru: ['схема не подходит: {why}'] },
  schema_ahead: {
    en: ['the schema is newer than this version, which may run on it during an upgrade'],
    ru: ['схема новее этой версии; на время обновления это допустимо'],
  },
  schema_fine: { en: ["the schema is this version's"], ru: ['схема соответствует этой версии'] },
  standby_missing: {
    en: [
      'DATABASE_URL names several servers, and synchronous_standby_names is empty: a failover may lose payouts',
      'Switch on Patroni’s synchronous_mode and synchronous_mode_strict.',
    ],
    ru: [
      'DATABASE_URL называет несколько серверов, а synchronous_standby_names пуст: переключение может потерять выплаты',
      'Включите synchronous_mode и synchronous_mode_strict в Patroni.',
    ],
  },
  standby_fine: {
    en: ['commits wait for {names}; whether Patroni is strict (synchronous_mode_strict) cannot be seen from here'],
    ru: ['фиксации ждут {names}; строгость Patroni (synchronous_mode_strict) отсюда не видна'],
  },
  pooler_named: {
    en: [
      'a pooler shares connections between transactions and loses named statements',
      'Set NAMED_STATEMENTS=false, or let the pooler keep them (max_prepared_statements of PgBouncer 1.21).',
    ],
    ru: [
      'пулер раздаёт соединения по транзакциям и теряет именованные запросы',
      'Задайте NAMED_STATEMENTS=false или включите их поддержку в пулере (max_prepared_statements в PgBouncer 1.21).',
    ],
  },
  pooler_fine: { en: ['named statements work'], ru: ['именованные запросы работают'] },
  master_key_missing: {
    en: ['there is no usable master key: {why}', 'Restore the one from the backup; a new key opens nothing.'],
    ru: ['нет пригодного главного ключа: {why}', 'Восстановите ключ из резервной копии; новый ничего не откроет.'],
  },
  master_key_wrong: {
    en: [
      'the master key does not open what this database holds: {why}',
      'Use the key that sealed it, or name it in MASTER_KEYS_RETIRED.',
    ],
    ru: [
      'главный ключ не открывает то, что хранит эта база: {why}',
      'Используйте ключ, которым это запечатано, или добавьте его в MASTER_KEYS_RETIRED.',
    ],
  },
  master_key_open: {
    en: ['every user of this machine can read the master key in {path}', 'chmod 600 {path}'],
    ru: ['главный ключ в {path} может прочитать любой пользователь машины', 'chmod 600 {path}'],
  },
  master_key_fine: {
    en: ['the master key opens what this database holds'],
    ru: ['главный ключ открывает то, что хранит эта база'],
  },
  key_weak_orders: {
    en: [
      'the key {fingerprint}… with which merchant {merchant} signs orders is weak: {why}',
      'Retire it in the console; the merchant needs a new pair of 2048 bits or more.',
    ],
    ru: [
      'ключ {fingerprint}…, которым мерчант {merchant} подписывает заказы, слаб: {why}',
      'Отзовите его в консоли; мерчанту нужна новая пара от 2048 бит.',
    ],
  },
  key_weak_notifications: {
    en: [
      'the key {fingerprint}… that signs the notifications of merchant {merchant} is weak: {why}',
      'Rotate it in the console, and give the merchant the new public key.',
    ],
    ru: [
      'ключ {fingerprint}…, которым подписываются уведомления мерчанта {merchant}, слаб: {why}',
      'Замените его в консоли и передайте мерчанту новый открытый ключ.',
    ],
  },
  keys_fine: {
    en: ['{count} active keys are strong enough'],
    ru: ['активных ключей: {count}, все достаточно стойкие'],
  },
  sha1_unusable: {
    en: [
      'RSA signatures with SHA-1, which the contract asks for, are switched off here: {why}',
      'Allow them in the OpenSSL policy of this machine (update-crypto-policies --set DEFAULT:SHA1), or use the image.',
    ],
    ru: [
      'RSA-подписи с SHA-1, которых требует контракт, здесь отключены: {why}',
      'Разрешите их в политике OpenSSL (update-crypto-policies --set DEFAULT:SHA1) или используйте образ.',
    ],
  },
  sha1_fine: {
    en: ['RSA signatures with SHA-1 and SHA-256 work'],
    ru: ['RSA-подписи с SHA-1 и SHA-256 работают'],
  },
  folder_open: {
    en: ['the data folder {path} is open to other users (mode {mode})', 'chmod 700 {path}'],
    ru: ['папка данных {path} открыта другим пользователям (режим {mode})', 'chmod 700 {path}'],
  },
  folder_fine: { en: ['the data folder {path} is closed to others'], ru: ['папка данных {path} закрыта для других'] },
  folder_absent: { en: ['there is no folder {path} yet'], ru: ['папки {path} ещё нет'] },
  disk_low: {
    en: ['{free} GB are free under {path}, {percent} %', 'Free some space: on a full disk orders are refused.'],
    ru: ['под {path} свободно {free} ГБ, {percent} %', 'Освободите место: при полном диске заказы не принимаются.'],
  },
  disk_fine: { en: ['{free} GB are free under {path}'], ru: ['под {path} свободно {free} ГБ'] },
  files_few: {
    en: [
      'this process may open {count} files and sockets',
      'Raise it to 8192 or more (LimitNOFILE of systemd, ulimit -n): each client and receiver takes one.',
    ],
    ru: [
      'процесс может открыть {count} файлов и сокетов',
      'Увеличьте до 8192 или больше (LimitNOFILE в systemd, ulimit -n): каждый клиент и получатель занимает один.',
    ],
  },
  files_fine: { en: ['{count} files and sockets may be open'], ru: ['можно открыть {count} файлов и сокетов'] },
  threads_few: {
    en: [
      'signatures are made by {threads} threads on {cores} cores',
      'Set UV_THREADPOOL_SIZE={cores} where workers should use the whole machine.',
    ],
    ru: [
      'подписи делают {threads} потоков на {cores} ядрах',
      'Задайте UV_THREADPOOL_SIZE={cores}, если обработчики должны использовать всю машину.',
    ],
  },
  threads_fine: {
    en: ['{threads} threads make signatures on {cores} cores'],
    ru: ['подписи делают {threads} потоков на {cores} ядрах'],
  },
  proxies_unusable: {
    en: [
      'TRUSTED_PROXIES has "{entry}", which is no address and no network',
      'Write addresses (10.0.0.5) or networks (10.0.0.0/24), separated by commas.',
    ],
    ru: [
      'в TRUSTED_PROXIES есть «{entry}» — это не адрес и не сеть',
      'Укажите адреса (10.0.0.5) или сети (10.0.0.0/24) через запятую.',
    ],
  },
  proxies_wide: {
    en: [
      'TRUSTED_PROXIES has {entry}: whoever reaches the gateway can name any address as its own',
      'Name the addresses of your proxies alone: address lists and sign-in limits depend on it.',
    ],
    ru: [
      'в TRUSTED_PROXIES есть {entry}: любой, кто достучится до шлюза, может выдать себя за любой адрес',
      'Укажите только адреса своих прокси: от этого зависят списки адресов и ограничения входа.',
    ],
  },
  proxies_missing: {
    en: [
      'PUBLIC_URL is https and TRUSTED_PROXIES is empty: all requests seem to come from the TLS proxy',
      "Name the proxy's address in TRUSTED_PROXIES, or address lists and limits see one client.",
    ],
    ru: [
      'PUBLIC_URL — https, а TRUSTED_PROXIES пуст: все запросы будто приходят от TLS-прокси',
      'Укажите адрес прокси в TRUSTED_PROXIES, иначе списки адресов и ограничения видят одного клиента.',
    ],
  },
  proxies_fine: {
    en: ['proxies that are believed: {count}'],
    ru: ['доверенных прокси: {count}'],
  },
  metrics_public: {
    en: [
      'METRICS_HOST is {host}: whoever reaches that address can read how much you pay and when',
      'Set METRICS_HOST to an address of your own network.',
    ],
    ru: [
      'METRICS_HOST = {host}: любой, кому доступен этот адрес, узнает, сколько и когда вы платите',
      'Задайте в METRICS_HOST адрес своей сети.',
    ],
  },
  metrics_fine: { en: ['figures are on {host} only'], ru: ['показатели — только на {host}'] },
  metrics_off: { en: ['figures are switched off'], ru: ['показатели выключены'] },
} as const satisfies Readonly<Record<string, Readonly<Record<'en' | 'ru', Text>>>>;
