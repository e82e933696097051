import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { change } from '../calls/call.ts';
import { Keys } from '../pages/keys.tsx';
import { NotificationKeys } from '../pages/notification-keys.tsx';
import { Act } from '../parts/act.tsx';
import { Page, Panel } from '../parts/page.tsx';
import { Secret } from '../parts/secret.tsx';

/** What the merchant signs with, and what the merchant verifies with. */
export function OwnKeysPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('pages.keys')}>
      <p>{t('cabinet.keysText')}</p>
      <Keys merchantId="own" />
      <NotificationKeys merchantId="own" />
      <WebhookSecret />
    </Page>
  );
}

function WebhookSecret() {
  const { t } = useTranslation();
  const [secret, setSecret] = useState<string>();
  const reveal = (
    <Act<{ secret: string }>
      title={t('cabinet.reveal')}
      submit={t('cabinet.reveal')}
      text={t('endpoints.revealText')}
      done={t('endpoints.revealed')}
      run={() => change('POST', '/webhook-secret/reveal')}
      onDone={(answer) => setSecret(answer.secret)}
    />
  );
  return (
    <Panel title={t('cabinet.webhookSecret')} actions={reveal}>
      {t('cabinet.webhookSecretText')}
      {secret !== undefined && (
        <Secret
          title={t('cabinet.webhookSecret')}
          text={t('endpoints.secretText')}
          secret={secret}
          onClose={() => setSecret(undefined)}
        />
      )}
    </Panel>
  );
}
