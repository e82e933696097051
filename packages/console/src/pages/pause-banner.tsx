import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Pause } from '../calls/answers.ts';
import { usePauses, usePauseWeight } from '../calls/pauses.ts';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { useWeightText } from './weight-text.ts';

/** Above every page while something is paused: nobody may have to remember it. */
export function PauseBanner() {
  const { data } = usePauses();
  const items = data?.items ?? [];
  const widest = items.find(({ scope }) => scope === 'all') ?? items[0];
  if (widest === undefined) return null;
  return <Banner pause={widest} others={items.length - 1} />;
}

function Banner({ pause, others }: { readonly pause: Pause; readonly others: number }) {
  const { t } = useTranslation();
  const weight = usePauseWeight(pause);
  const write = useWeightText();
  return (
    <div className="banner" role="status">
      <Icon name="pauses" />
      <span>
        <strong>{t(`pauses.paused.${pause.scope}`, { connector: pause.connector })}</strong>
        {weight.data !== undefined && ` ${t('pauses.holds', { what: write(weight.data) })}`}{' '}
        <span className="hostile">{t('pauses.since', { who: pause.set_by, reason: pause.reason })}</span>{' '}
        <Moment value={pause.set_at} />
      </span>
      <Link to="/pauses">{others > 0 ? t('pauses.others', { count: others }) : t('pauses.look')}</Link>
    </div>
  );
}
