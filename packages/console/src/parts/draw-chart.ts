import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import type { Series } from './chart.tsx';

type Drawn = {
  readonly place: HTMLElement;
  readonly data: uPlot.AlignedData;
  readonly series: readonly Series[];
  readonly height: number;
  readonly isBars: boolean;
  readonly language: string;
};

/** Draws with the colours of the page as they are now. */
export function drawChart({ place, data, series, height, isBars, language }: Drawn): uPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `11px ${style.getPropertyValue('--mantine-font-family')}`;
  const axis = {
    stroke: colour('--quiet'),
    font,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const format = new Intl.DateTimeFormat(locale, isBars ? { day: 'numeric', month: 'short' } : { timeStyle: 'short' });
  const bars = uPlot.paths.bars?.({ size: [0.7, 40], radius: 0.2 });
  return new uPlot(
    {
      width: place.clientWidth,
      height,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 } },
      scales: { y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] } },
      axes: [
        { ...axis, space: 60, size: 28, values: (_plot, ticks) => ticks.map((tick) => format.format(tick * 1_000)) },
        { ...axis, size: 44, values: (_plot, ticks) => ticks.map((tick) => tick.toLocaleString(language)) },
      ],
      series: [
        {},
        ...series.map((one, at) => ({
          label: one.label,
          stroke: colour(one.colour),
          width: isBars ? 0 : 1.7,
          ...(isBars
            ? { fill: colour(one.colour) }
            : { fill: at === series.length - 1 ? `${colour(one.colour)}14` : '' }),
          ...(isBars && bars !== undefined && { paths: bars }),
          points: { show: false },
        })),
      ],
    },
    data,
    place,
  );
}
