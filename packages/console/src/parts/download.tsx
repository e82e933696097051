import { Alert, Button, Group, Modal, Stack } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

type DownloadProps = {
  readonly title: string;
  readonly text: string;
  readonly name: string;
  readonly base64: string;
  readonly onClose: () => void;
};

/** A file that exists in this window only: it can be saved until the dialog is closed. */
export function Download({ title, text, name, base64, onClose }: DownloadProps) {
  const { t } = useTranslation();
  const [isSaved, setSaved] = useState(false);
  const [address, setAddress] = useState('');
  useEffect(() => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const made = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [base64]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={isSaved}
      withCloseButton={isSaved}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Stack gap="sm">
        <Alert color="yellow" variant="outline">
          {text}
        </Alert>
        <Group justify="flex-end" gap="xs">
          <Button component="a" href={address} download={name} onClick={() => setSaved(true)}>
            {t('download')}
          </Button>
          <Button variant="default" disabled={!isSaved} onClick={onClose}>
            {t('close')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
