import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { History, Posting } from '../calls/answers.ts';
import { writeAmount } from '../parts/amount.tsx';
import { Moment } from '../parts/moment.tsx';
import { toneOf, type Tone } from '../parts/state.tsx';

type Event = {
  readonly key: string;
  readonly at: string;
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly more?: string;
  /** What is kept of it as data, for whoever opens it. */
  readonly raw?: unknown;
};

/** Transitions, attempts, postings, notifications, deliveries and incidents in the order they happened. */
export function Timeline({ history }: { readonly history: History }) {
  const { t, i18n } = useTranslation();
  const events = listEvents(history, t, i18n.language);
  return (
    <ol className="timeline">
      {events.map(({ key, at, tone, title, more, raw }) => (
        <li key={key} className={tone}>
          <Moment value={at} isPrecise />
          <div>
            <div className="hostile">{title}</div>
            {more !== undefined && <div className="more">{more}</div>}
            {raw !== undefined && raw !== null && (
              <details>
                <summary>{t('timeline.raw')}</summary>
                <pre className="raw" tabIndex={0}>
                  {JSON.stringify(raw, null, 2)}
                </pre>
              </details>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

function listEvents(history: History, t: TFunction, language: string): readonly Event[] {
  const events = [
    ...history.postings.map((posting) => tellPosting(posting, t, language)),
    ...history.transitions.map((line): Event => {
      const [from, to] = [line.from, line.to].map((state) => t(`states.${state}`, { defaultValue: state }));
      return {
        key: `transition-${line.version}`,
        at: line.created_at,
        tone: toneOf(line.to),
        title: t('timeline.transition', { from, to }),
        more: t('timeline.cause', { cause: line.cause, actor: line.actor }),
        raw: line.evidence,
      };
    }),
    ...history.attempts.map((line): Event => {
      const { attempt_no: no, connector, reference, state } = line;
      return {
        key: `attempt-${no}`,
        at: line.started_at,
        tone: state === 'succeeded' ? 'good' : state === 'rejected' ? 'bad' : 'wait',
        title: t('timeline.attempt', { no, connector, state: t(`attempts.${state}`, { defaultValue: state }) }),
        more: t('timeline.reference', { reference, count: line.asks }),
        raw: line.answer,
      };
    }),
    ...tellNotifications(history, t),
    ...history.incidents.map(
      (line): Event => ({
        key: `incident-${line.id}`,
        at: line.opened_at,
        tone: line.closed_at === null ? 'alarm' : 'quiet',
        title: t('timeline.incident', { kind: t(`incidentKinds.${line.kind}`, { defaultValue: line.kind }) }),
        ...(line.closed_by !== null && { more: t('timeline.closedBy', { actor: line.closed_by }) }),
        raw: line.detail,
      }),
    ),
  ];
  // Sorting keeps the order of what happened in one instant: money first, then the state it led to.
  return events.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function tellPosting(posting: Posting, t: TFunction, language: string): Event {
  const changes = Object.entries(posting.changes)
    .filter(([, amount]) => Number(amount) !== 0)
    .map(([name, amount]) => {
      const sign = amount.startsWith('-') ? '' : '+';
      return `${t(`ledger.${name}`)} ${sign}${writeAmount(amount, language)}`;
    });
  return {
    key: `posting-${posting.id}`,
    at: posting.created_at,
    tone: 'quiet',
    title: t('timeline.posting', { kind: t(`postings.${posting.kind}`, { defaultValue: posting.kind }) }),
    more: `${changes.join(' · ')} · ${t('timeline.after', { amount: writeAmount(posting.available_after, language) })}`,
  };
}

function tellNotifications({ notifications, deliveries }: History, t: TFunction): readonly Event[] {
  return [
    ...notifications.map(
      (line): Event => ({
        key: `notification-${line.id}`,
        at: line.created_at,
        tone: toneOf(line.state),
        title: t('timeline.notification', { id: line.id, state: t(`states.${line.state}`) }),
        more: `${line.method} ${line.url}`,
      }),
    ),
    ...deliveries.map((line): Event => {
      const isFine = line.status_code !== null && line.status_code < 300;
      const result = line.status_code === null ? (line.error ?? '') : `HTTP ${line.status_code}`;
      return {
        key: `delivery-${line.notification_id}-${line.try_no}`,
        at: line.started_at,
        tone: isFine ? 'good' : 'bad',
        title: t('timeline.delivery', { id: line.notification_id, no: line.try_no, result }),
        more: t('timeline.took', { ms: line.duration_ms }),
        ...(line.answer !== null && line.answer !== '' && { raw: line.answer }),
      };
    }),
  ];
}
