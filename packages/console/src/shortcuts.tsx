import { Kbd, Modal, Switch, Table } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { areKeysOn, switchKeys } from './keyboard.ts';
import { pages } from './navigation.ts';

/** `?`: what the keyboard can do here. */
export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [isOn, setOn] = useState(areKeysOn);
  const rows: readonly (readonly [string, string])[] = [
    ['Ctrl K', t('commands.title')],
    ['/', t('search')],
    ['?', t('shortcuts.title')],
    ['↑ ↓', t('shortcuts.rows')],
    ['j k', t('shortcuts.rows')],
    ['x', t('shortcuts.mark')],
    ['Esc', t('close')],
    ...pages.map(({ letter, key }) => [`g ${letter}`, t(`pages.${key}`)] as const),
  ];
  return (
    <Modal opened onClose={onClose} title={t('shortcuts.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <Switch
        label={t('shortcuts.single')}
        checked={isOn}
        mb="sm"
        onChange={(event) => {
          switchKeys(event.currentTarget.checked);
          setOn(event.currentTarget.checked);
        }}
      />
      <Table verticalSpacing={4}>
        <Table.Tbody>
          {rows.map(([keys, text]) => (
            <Table.Tr key={keys}>
              <Table.Td w={90}>
                <Kbd>{keys}</Kbd>
              </Table.Td>
              <Table.Td>{text}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
