import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { Act } from '../parts/act.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { useMay } from '../session.tsx';

type Hold = {
  readonly is_held: boolean;
  readonly reason: string | null;
  readonly set_by: string | null;
  readonly set_at: string | null;
};

/** Data about recipients go after a time, unless somebody ordered them to be kept. */
export function RecipientHold({ merchantId }: { readonly merchantId: string }) {
  const { t } = useTranslation();
  const [maySet, mayLift] = [useMay('operator'), useMay('approver')];
  const path = `${merchantPath(merchantId)}/recipient-hold`;
  const query = useQuery({ queryKey: ['recipient-hold', path], queryFn: () => read<Hold>(path) });
  const set = (
    <Act
      title={t('hold.set')}
      submit={t('hold.set')}
      text={t('hold.setText')}
      fields={[{ name: 'reason', label: t('pauses.reason'), kind: 'text' }]}
      done={t('saved')}
      run={(values) => change('PUT', path, values)}
    />
  );
  const lift = (
    <Act
      title={t('hold.lift')}
      submit={t('hold.lift')}
      isDanger
      text={t('hold.liftText')}
      done={t('saved')}
      run={() => change('DELETE', path)}
    />
  );
  const isHeld = query.data?.is_held;
  return (
    <Panel title={t('hold.title')} actions={isHeld === true ? mayLift && lift : isHeld === false && maySet && set}>
      <Loaded query={query} rows={1}>
        {(hold) => (
          <Facts
            facts={[
              [t('hold.kept'), hold.is_held ? t('hold.held') : t('hold.byAge')],
              ...(hold.is_held
                ? ([
                    [t('pauses.reason'), <span className="hostile">{hold.reason}</span>],
                    [t('pauses.by'), <span className="hostile">{hold.set_by}</span>],
                    [t('pauses.at'), <Moment value={hold.set_at} />],
                  ] as const)
                : []),
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}
