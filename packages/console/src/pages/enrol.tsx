import { Button, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { hasPasskeys } from '../calls/passkey.ts';
import { useSignOut } from '../session.tsx';
import { AddPasskey, AddTotp } from './add-factor.tsx';

/** Where nobody gets in without a second factor: the first one. */
export function EnrolStep({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const signOut = useSignOut();
  return (
    <Stack gap="sm">
      <p className="lead">{t('signIn.enrolText')}</p>
      <AddTotp onDone={onDone}>{(open) => <Button onClick={open}>{t('factors.addTotp')}</Button>}</AddTotp>
      {hasPasskeys() && (
        <AddPasskey onDone={onDone}>
          {(open) => (
            <Button variant="default" onClick={open}>
              {t('factors.addPasskey')}
            </Button>
          )}
        </AddPasskey>
      )}
      <Button variant="subtle" onClick={() => void signOut()}>
        {t('signIn.back')}
      </Button>
    </Stack>
  );
}
