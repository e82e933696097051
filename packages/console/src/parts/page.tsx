import { Alert, Button, Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

type PageProps = {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
};

/** A page says its name to the window, and to whoever listens instead of looking. */
export function Page({ title, actions, className = '', children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Vyplata`;
  }, [title]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={className}>
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

type PanelProps = {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly isBare?: boolean;
  readonly children: ReactNode;
};

export function Panel({ title, actions, isBare = false, children }: PanelProps) {
  return (
    <section className="panel">
      <header>
        <h2>{title}</h2>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {isBare ? children : <div className="body">{children}</div>}
    </section>
  );
}

type LoadedProps<T> = {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
};

/** Grey lines of the right height while nothing is known, what went wrong, or the thing itself. */
export function Loaded<T>({ query, rows = 4, children }: LoadedProps<T>) {
  const { t } = useTranslation();
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) {
    return (
      <Alert color="red" variant="outline" title={t('errors.notLoaded')} m="sm">
        <p className="hostile">{query.error.message}</p>
        <Button variant="default" onClick={() => void query.refetch()}>
          {t('errors.again')}
        </Button>
      </Alert>
    );
  }
  return (
    <div aria-busy="true">
      <span className="unseen">{t('loading')}</span>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={18} m={9} width="auto" radius="sm" />
      ))}
    </div>
  );
}
