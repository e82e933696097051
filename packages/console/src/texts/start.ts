import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { isMerchantSide } from '../calls/side.ts';

export type Language = 'en' | 'ru';

const languageKey = 'vyplata.language';

/** One language is loaded, of one side; the other comes when somebody asks for it. */
async function loadTexts(language: Language): Promise<object> {
  const texts = language === 'ru' ? (await import('./ru.ts')).ru : (await import('./en.ts')).en;
  if (!isMerchantSide) return texts;
  const more =
    language === 'ru' ? (await import('./ru-cabinet.ts')).ruCabinet : (await import('./en-cabinet.ts')).enCabinet;
  return { ...texts, ...more };
}

/** The language chosen last here, else the browser's. */
export async function startTexts(): Promise<void> {
  const chosen = localStorage.getItem(languageKey) ?? navigator.language;
  const language = chosen.startsWith('ru') ? 'ru' : 'en';
  const translation = await loadTexts(language);
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation } },
    // React shows every text as text.
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = language;
}

export async function setLanguage(language: Language): Promise<void> {
  if (!i18n.hasResourceBundle(language, 'translation')) {
    i18n.addResourceBundle(language, 'translation', await loadTexts(language));
  }
  localStorage.setItem(languageKey, language);
  document.documentElement.lang = language;
  await i18n.changeLanguage(language);
}
