import { ActionIcon, Button, Group, useMantineColorScheme, useComputedColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { setLanguage } from './texts/start.ts';

/** Language and colours. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  const other = i18n.language === 'ru' ? 'en' : 'ru';
  return (
    <Group gap={6} wrap="nowrap">
      <Button variant="default" size="xs" lang={other} onClick={() => setLanguage(other)}>
        {other === 'ru' ? 'Русский' : 'English'}
      </Button>
      <ActionIcon
        variant="default"
        size={30}
        aria-label={isDark ? t('lightColours') : t('darkColours')}
        title={isDark ? t('lightColours') : t('darkColours')}
        onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
      >
        <span aria-hidden="true">{isDark ? '☀' : '☾'}</span>
      </ActionIcon>
    </Group>
  );
}
