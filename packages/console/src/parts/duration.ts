const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** The two largest units: `2 d 4 h`; below a second milliseconds. */
export function writeDuration(ms: number, language: string): string {
  const write = (count: number, unit: string): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(count);
  const first = units.findIndex(([, size]) => ms >= size);
  if (first === -1) return write(Math.round(ms), 'millisecond');
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(write(count, unit));
  }
  return parts.join(' ');
}
