import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Icon } from './parts/icon.tsx';
import { setLanguage } from './texts/start.ts';

/** Language and colours. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { isDark, switchColours } = useColours();
  const other = i18n.language === 'ru' ? 'en' : 'ru';
  const colours = isDark ? t('lightColours') : t('darkColours');
  return (
    <div className="preferences">
      <button type="button" className="plain" lang={other} onClick={() => void setLanguage(other)}>
        {other === 'ru' ? 'Русский' : 'English'}
      </button>
      <button type="button" className="plain" aria-label={colours} title={colours} onClick={switchColours}>
        <Icon name={isDark ? 'sun' : 'moon'} />
      </button>
    </div>
  );
}

export function useColours() {
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  return { isDark, switchColours: () => setColorScheme(isDark ? 'light' : 'dark') };
}
