import { useTranslation } from 'react-i18next';
import type { History } from '../calls/answers.ts';
import { Moment } from '../parts/moment.tsx';
import { listEvents } from './timeline-events.tsx';

/** Transitions, attempts, postings, notifications, deliveries and incidents in the order they happened. */
export function Timeline({ history }: { readonly history: History }) {
  const { t, i18n } = useTranslation();
  const events = listEvents(history, t, i18n.language);
  return (
    <ol className="timeline">
      {events.map(({ key, at, tone, kind, title, more, parts }) => (
        <li key={key} className={tone}>
          <Moment value={at} isPrecise />
          <div>
            <div className="event">
              <span className="kind">{t(`timeline.kinds.${kind}`)}</span>
              <span className="hostile">{title}</span>
            </div>
            {more !== undefined && <div className="more">{more}</div>}
            {parts.map(({ name, text }) => (
              <details key={name}>
                <summary>{name}</summary>
                <pre className="raw" tabIndex={0} aria-label={name}>
                  {text}
                </pre>
              </details>
            ))}
          </div>
        </li>
      ))}
    </ol>
  );
}
