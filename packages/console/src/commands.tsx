import { Modal, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readSearch } from './calls/search.ts';
import { acts, pages } from './navigation.ts';
import { useColours } from './preferences.tsx';
import { useRoles, useSignOut } from './session.tsx';
import { setLanguage } from './texts/start.ts';

type Command = { readonly key: string; readonly text: string; readonly hint?: string; readonly run: () => void };
type CommandsProps = { readonly onClose: () => void; readonly onHelp: () => void };

/** Ctrl-K: every page, what can be done there, and a search of payouts by what was typed. */
export function Commands({ onClose, onHelp }: CommandsProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const commands = useCommands(typed, onHelp);
  const chosen = commands[Math.min(at, commands.length - 1)];
  const run = (command: Command | undefined) => {
    onClose();
    command?.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') run(chosen);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    setAt((before) => (before + step + commands.length) % Math.max(1, commands.length));
  };
  const chosenId = `command-${chosen?.key ?? ''}`;
  useEffect(() => {
    // A promise in newer browsers: an effect must not answer it.
    document.getElementById(chosenId)?.scrollIntoView({ block: 'nearest' });
  }, [chosenId]);
  return (
    <Modal opened onClose={onClose} title={t('commands.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <TextInput
        data-autofocus
        aria-label={t('commands.hint')}
        placeholder={t('commands.hint')}
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={chosenId}
        value={typed}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
      />
      <ul className="commands" id="commands" role="listbox" aria-label={t('commands.title')}>
        {commands.map((command) => (
          <li
            key={command.key}
            id={`command-${command.key}`}
            role="option"
            aria-selected={command === chosen}
            onClick={() => run(command)}
          >
            <span className="hostile">{command.text}</span>
            {command.hint !== undefined && <span className="hint">{command.hint}</span>}
          </li>
        ))}
      </ul>
    </Modal>
  );
}

function useCommands(typed: string, onHelp: () => void): readonly Command[] {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { isDark, switchColours } = useColours();
  const may = useRoles();
  const words = typed.trim().toLowerCase();
  const search = words === '' ? [] : [{ key: 'search', text: t('commands.search', { text: typed.trim() }) }];
  const other = i18n.language === 'ru' ? 'en' : 'ru';
  const all: Command[] = [
    ...pages
      .filter(({ role }) => may[role])
      .map(({ to, key, letter }) => ({
        key,
        text: t(`pages.${key}`),
        hint: `g ${letter}`,
        run: () => void navigate({ to }),
      })),
    ...acts
      .filter(({ role }) => may[role])
      .map(({ to, hash, key }) => ({ key, text: t(key), run: () => void navigate({ to, hash }) })),
    { key: 'language', text: other === 'ru' ? 'Русский язык' : 'English', run: () => void setLanguage(other) },
    { key: 'colours', text: isDark ? t('lightColours') : t('darkColours'), run: switchColours },
    { key: 'help', text: t('shortcuts.title'), hint: '?', run: onHelp },
    { key: 'leave', text: t('signOut'), run: () => void signOut() },
  ];
  return [
    ...all.filter(({ text }) => text.toLowerCase().includes(words)),
    ...search.map((one) => ({ ...one, run: () => void navigate({ to: '/payouts', search: readSearch(typed) }) })),
  ];
}
