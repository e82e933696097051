import { useTranslation } from 'react-i18next';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(language: string): Intl.DateTimeFormat {
  const known = formats.get(language);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(language === 'ru' ? 'ru-RU' : 'en-GB', {
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(language, made);
  return made;
}

type MomentProps = { readonly value: string | null; readonly isPrecise?: boolean };

/** In the reader's own time; the year only when it is another one, milliseconds on demand. Hovering tells UTC. */
export function Moment({ value, isPrecise = false }: MomentProps) {
  const { i18n } = useTranslation();
  if (value === null) return <span className="moment">—</span>;
  const date = new Date(value);
  const year = date.getFullYear() === new Date().getFullYear() ? '' : ` ${date.getFullYear()}`;
  const utc = `${value.slice(0, 10)} ${value.slice(11, 23)} UTC`;
  return (
    <time className="moment" dateTime={value} title={utc}>
      {formatOf(i18n.language).format(date) + (isPrecise ? value.slice(19, 23) : '') + year}
    </time>
  );
}
