import { useComputedColorScheme } from '@mantine/core';
import { Skeleton } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type uPlot from 'uplot';

export type Series = {
  readonly label: string;
  /** A colour of the style sheet, such as `--good`. */
  readonly colour: string;
  readonly values: readonly number[];
};

type ChartProps = {
  /** What it shows, in a sentence with its figures, for whoever does not see it. */
  readonly summary: string;
  /** Seconds since 1970, as many as each series has values. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly isBars?: boolean;
};

const height = 190;

/** Lines or bars over time. Its room is there before it is drawn. */
export function Chart({ summary, times, series, isBars = false }: ChartProps) {
  const { i18n } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  const [isDrawn, setDrawn] = useState(false);
  const drawn = useRef<uPlot>(undefined);
  const data: uPlot.AlignedData = [[...times], ...series.map(({ values }) => [...values])];
  const latest = useRef(data);
  latest.current = data;
  const shape = series.map(({ label, colour }) => `${label} ${colour}`).join();
  useEffect(() => {
    let isGone = false;
    const place = box.current;
    if (place === null) return undefined;
    void import('./draw-chart.ts').then(({ drawChart }) => {
      if (isGone) return;
      drawn.current = drawChart({ place, data: latest.current, series, height, isBars, language: i18n.language });
      setDrawn(true);
    });
    const observer = new ResizeObserver(() => drawn.current?.setSize({ width: place.clientWidth, height }));
    observer.observe(place);
    return () => {
      isGone = true;
      observer.disconnect();
      drawn.current?.destroy();
      drawn.current = undefined;
    };
    // The series are told apart by their names and colours; their values are set below.
  }, [scheme, shape, isBars, i18n.language]);
  useEffect(() => {
    drawn.current?.setData(latest.current);
  }, [times, series]);
  return (
    <div className="chart">
      <div ref={box} role="img" aria-label={summary} style={{ height }}>
        {!isDrawn && <Skeleton height={height} />}
      </div>
      <ul aria-hidden="true">
        {series.map(({ label, colour }) => (
          <li key={label}>
            <i style={{ background: `var(${colour})` }} />
            {label}
          </li>
        ))}
      </ul>
    </div>
  );
}
