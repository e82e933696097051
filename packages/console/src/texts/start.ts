import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';
import { ru } from './ru.ts';

export type Language = 'en' | 'ru';

const languageKey = 'vyplata.language';

/** The language chosen last here, else the browser's. */
export function startTexts(): void {
  const chosen = localStorage.getItem(languageKey) ?? navigator.language;
  void i18n.use(initReactI18next).init({
    lng: chosen.startsWith('ru') ? 'ru' : 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en }, ru: { translation: ru } },
    // React shows every text as text.
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = i18n.language;
}

export function setLanguage(language: Language): void {
  localStorage.setItem(languageKey, language);
  document.documentElement.lang = language;
  void i18n.changeLanguage(language);
}
