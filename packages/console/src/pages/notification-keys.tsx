import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { NotificationKey, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { Act } from '../parts/act.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';

/** What the merchant verifies notifications with: we hold the private halves. */
export function NotificationKeys({ merchantId }: { readonly merchantId: string }) {
  const { t } = useTranslation();
  const path = `${merchantPath(merchantId)}/notification-keys`;
  const query = useQuery({
    queryKey: ['notification-keys', merchantId],
    queryFn: () => read<ApiPage<NotificationKey>>(path),
  });
  const rotate = (
    <Act
      title={t('notificationKeys.rotate')}
      submit={t('notificationKeys.rotate')}
      text={t('notificationKeys.rotateText')}
      isDanger
      done={t('notificationKeys.rotated')}
      run={() => change('POST', `${path}/rotate`)}
    />
  );
  return (
    <Panel title={t('notificationKeys.title')} actions={useMay('operator') && rotate} isBare>
      <Loaded query={query} rows={1}>
        {({ items }) => (
          <Records
            label={t('notificationKeys.title')}
            rows={items}
            empty={t('notificationKeys.none')}
            keyOf={({ id }) => id}
            columns={[
              { title: t('notificationKeys.number'), cell: ({ id }) => id },
              { title: t('keys.state'), cell: ({ state }) => <State value={state} /> },
              { title: t('createdAt'), cell: (key) => <Moment value={key.created_at} /> },
              {
                title: 'public.pem',
                cell: (key) => (
                  <details>
                    <summary>{t('show')}</summary>
                    <pre className="raw" tabIndex={0}>
                      {key.public_pem}
                    </pre>
                  </details>
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}
