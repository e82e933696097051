import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import type { History, Posting } from '../calls/answers.ts';
import { writeAmount } from '../parts/amount.tsx';
import { subtractText } from '../parts/decimal.ts';
import { writeDuration } from '../parts/duration.ts';
import { toneOf, type Tone } from '../parts/state.tsx';

/** What is kept of an event, word for word, for whoever opens it. */
type Part = { readonly name: string; readonly text: string };

type Event = {
  readonly key: string;
  readonly at: string;
  readonly tone: Tone;
  readonly kind: 'money' | 'state' | 'provider' | 'notice' | 'delivery' | 'incident';
  readonly title: ReactNode;
  readonly more?: ReactNode;
  readonly parts: readonly Part[];
};

/** Everything that happened to a payout. In one instant money comes first, then the state it led to. */
export function listEvents(history: History, t: TFunction, language: string): readonly Event[] {
  const events = [
    ...history.postings.map((posting) => tellPosting(posting, t, language)),
    ...history.transitions.map((line): Event => {
      const [from, to] = [line.from, line.to].map((state) => t(`states.${state}`, { defaultValue: state }));
      return {
        key: `transition-${line.version}`,
        at: line.created_at,
        tone: toneOf(line.to),
        kind: 'state',
        title: t('timeline.transition', { from, to }),
        more: t('timeline.cause', {
          cause: t(`causes.${line.cause}`, { defaultValue: line.cause }),
          actor: line.actor,
        }),
        parts: showRaw(t('timeline.evidence'), line.evidence),
      };
    }),
    ...tellAttempts(history, t, language),
    ...tellNotifications(history, t),
    ...history.incidents.map(
      (line): Event => ({
        key: `incident-${line.id}`,
        at: line.opened_at,
        tone: line.closed_at === null ? 'alarm' : 'quiet',
        kind: 'incident',
        title: t('timeline.incident', { kind: t(`incidentKinds.${line.kind}`, { defaultValue: line.kind }) }),
        ...(line.closed_by !== null && { more: t('timeline.closedBy', { actor: line.closed_by }) }),
        parts: showRaw(t('timeline.detail'), line.detail),
      }),
    ),
  ];
  return events.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function showRaw(name: string, value: unknown): readonly Part[] {
  if (value === null || value === undefined || value === '') return [];
  return [{ name, text: typeof value === 'string' ? value : JSON.stringify(value, null, 2) }];
}

function tellPosting(posting: Posting, t: TFunction, language: string): Event {
  const { changes, available_after: after } = posting;
  const before = subtractText(after, changes.available);
  const moved = Object.entries(changes)
    .filter(([, amount]) => Number(amount) !== 0)
    .map(([name, amount]) => {
      const sign = amount.startsWith('-') ? '' : '+';
      return `${t(`ledger.${name}`)} ${sign}${writeAmount(amount, language)}`;
    });
  const shown = { before: writeAmount(before, language), after: writeAmount(after, language) };
  return {
    key: `posting-${posting.id}`,
    at: posting.created_at,
    tone: 'quiet',
    kind: 'money',
    title: t('timeline.posting', { kind: t(`postings.${posting.kind}`, { defaultValue: posting.kind }) }),
    more: (
      <>
        {moved.join(' · ')}
        {before !== after && (
          <>
            <br />
            {t('timeline.balance', shown)}
          </>
        )}
        {posting.reason !== null && ` · ${posting.reason}`}
      </>
    ),
    parts: [],
  };
}

function tellAttempts({ attempts }: History, t: TFunction, language: string): readonly Event[] {
  return attempts.map((line): Event => {
    const { attempt_no: no, connector, reference, state, started_at: start, ended_at: end } = line;
    const provider = line.provider_id === null ? [] : [t('timeline.providerId', { id: line.provider_id })];
    const took = end === null ? [] : [writeDuration(Date.parse(end) - Date.parse(start), language)];
    return {
      key: `attempt-${no}`,
      at: start,
      tone: state === 'succeeded' ? 'good' : state === 'rejected' ? 'bad' : 'wait',
      kind: 'provider',
      title: t('timeline.attempt', { no, connector, state: t(`attempts.${state}`, { defaultValue: state }) }),
      more: [t('timeline.reference', { reference, count: line.asks }), ...provider, ...took].join(' · '),
      parts: [...showRaw(t('timeline.request'), line.request), ...showRaw(t('timeline.answer'), line.answer)],
    };
  });
}

function tellNotifications({ notifications, deliveries }: History, t: TFunction): readonly Event[] {
  return [
    ...notifications.map(
      (line): Event => ({
        key: `notification-${line.id}`,
        at: line.created_at,
        tone: toneOf(line.state),
        kind: 'notice',
        title: t('timeline.notification', { id: line.id, state: t(`states.${line.state}`) }),
        more: `${line.method} ${line.url}`,
        parts: [...showRaw(t('timeline.signedText'), line.signed_text), ...showRaw(t('timeline.sign'), line.sign)],
      }),
    ),
    ...deliveries.map((line): Event => {
      const isFine = line.status_code !== null && line.status_code < 300;
      const result = line.status_code === null ? (line.error ?? '') : `HTTP ${line.status_code}`;
      return {
        key: `delivery-${line.notification_id}-${line.try_no}`,
        at: line.started_at,
        tone: isFine ? 'good' : 'bad',
        kind: 'delivery',
        title: t('timeline.delivery', { id: line.notification_id, no: line.try_no, result }),
        more: t('timeline.took', { ms: line.duration_ms }),
        parts: showRaw(t('timeline.received'), line.answer),
      };
    }),
  ];
}
