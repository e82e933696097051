import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../calls/answers.ts';
import { Chart } from '../parts/chart.tsx';

type Spans = { readonly spans: Overview['minutes'] };
type Counted = 'accepted' | 'paid' | 'fail' | 'cancel';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Each span of the time that is shown, those without payouts as zeros: the answer leaves them out. */
function fill({ spans }: Spans, { stepMs, count }: { readonly stepMs: number; readonly count: number }) {
  const known = new Map(spans.map((span) => [Date.parse(span.starts_at), span]));
  const newest = Math.floor(Date.now() / stepMs) * stepMs;
  const starts = Array.from({ length: count }, (_, at) => newest - (count - 1 - at) * stepMs);
  const pick = (name: Counted): number[] => starts.map((start) => known.get(start)?.[name] ?? 0);
  return { times: starts.map((start) => start / 1_000), pick };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function MinuteChart({ spans }: Spans) {
  const { t } = useTranslation();
  const { times, series, counts } = useMemo(() => {
    const filled = fill({ spans }, { stepMs: minuteMs, count: 60 });
    const [accepted, paid, fail] = [filled.pick('accepted'), filled.pick('paid'), filled.pick('fail')];
    return {
      times: filled.times,
      counts: { accepted: sum(accepted), paid: sum(paid), fail: sum(fail) },
      series: [
        // Drawn in this order: where nothing failed the other lines cover the red one.
        { label: t('states.fail'), colour: '--bad', values: fail },
        { label: t('overview.accepted'), colour: '--wait', values: accepted },
        { label: t('states.paid'), colour: '--good', values: paid },
      ],
    };
  }, [spans, t]);
  return <Chart summary={t('overview.minutesSummary', counts)} times={times} series={series} />;
}

export function DayChart({ spans }: Spans) {
  const { t } = useTranslation();
  const { times, series, counts } = useMemo(() => {
    const filled = fill({ spans }, { stepMs: dayMs, count: 30 });
    const [paid, fail] = [filled.pick('paid'), filled.pick('fail')];
    const all = paid.map((value, at) => value + (fail[at] ?? 0));
    return {
      times: filled.times,
      counts: { paid: sum(paid), fail: sum(fail) },
      // The failed ones stand on top: the taller bar is drawn first, and the paid ones over it.
      series: [
        { label: t('states.fail'), colour: '--bad', values: all },
        { label: t('states.paid'), colour: '--good', values: paid },
      ],
    };
  }, [spans, t]);
  return <Chart summary={t('overview.daysSummary', counts)} times={times} series={series} isBars />;
}
