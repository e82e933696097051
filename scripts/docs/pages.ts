export type SiteLanguage = 'en' | 'ru';
export const siteLanguages: readonly SiteLanguage[] = ['en', 'ru'];

export type Page = {
  /** Name of the file: `contract` becomes `en/contract.html`. */
  readonly slug: string;
  /** Where the Markdown of each language stands, from the root; none for pages that are made from code. */
  readonly source?: Readonly<Record<SiteLanguage, string>>;
  /** Its name in the navigation. */
  readonly name: Readonly<Record<SiteLanguage, string>>;
};

function own(slug: string, name: Page['name']): Page {
  return { slug, name, source: { en: `docs/site/en/${slug}.md`, ru: `docs/site/ru/${slug}.md` } };
}

/** In the order of the navigation. */
export const pages: readonly Page[] = [
  own('index', { en: 'Overview', ru: 'Обзор' }),
  own('quick-start', { en: 'Quick start', ru: 'Быстрый старт' }),
  {
    slug: 'contract',
    name: { en: 'The contract', ru: 'Контракт' },
    source: { en: 'docs/contract.md', ru: 'docs/site/ru/contract.md' },
  },
  own('errors', { en: 'Errors and fixes', ru: 'Ошибки и что делать' }),
  own('notifications', { en: 'Notifications', ru: 'Уведомления' }),
  {
    slug: 'sandbox',
    name: { en: 'The sandbox', ru: 'Песочница' },
    source: { en: 'docs/sandbox.md', ru: 'docs/site/ru/sandbox.md' },
  },
  own('sdk', { en: 'The SDK', ru: 'SDK' }),
  own('languages', { en: 'Other languages', ru: 'Другие языки' }),
  own('cli', { en: 'The command line', ru: 'Командная строка' }),
  own('going-live', { en: 'Going live', ru: 'Запуск' }),
  own('migration', { en: 'Migration', ru: 'Переход' }),
  own('operators', { en: 'For operators', ru: 'Операторам' }),
  { slug: 'reference', name: { en: 'OpenAPI reference', ru: 'Справочник OpenAPI' } },
];
