import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Switch } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

type RecoveryProps = { readonly codes: readonly string[]; readonly onClose: () => void };

/** Shown once: closing it takes saying that they are kept. */
export function RecoveryDialog({ codes, onClose }: RecoveryProps) {
  const { t } = useTranslation();
  const [isKept, setKept] = useState(false);
  const [address, setAddress] = useState('');
  const text = codes.join('\n');
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [text]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('factors.recovery')}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack gap="sm">
        <Alert color="yellow" variant="outline">
          {t('factors.recoveryText')}
        </Alert>
        <Code block className="codes">
          {text}
        </Code>
        <Group gap="xs">
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button variant="default" size="xs" onClick={copy}>
                {copied ? t('copied') : t('copy')}
              </Button>
            )}
          </CopyButton>
          <Button component="a" variant="default" size="xs" href={address} download="vyplata-recovery-codes.txt">
            {t('download')}
          </Button>
        </Group>
        <Switch
          label={t('factors.kept')}
          checked={isKept}
          onChange={(event) => setKept(event.currentTarget.checked)}
          data-autofocus
        />
        <Group justify="flex-end">
          <Button disabled={!isKept} onClick={onClose}>
            {t('close')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
