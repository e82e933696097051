import { Button } from '@mantine/core';
import { useRouter, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { Ask as AskType, AskProps } from './ask.tsx';

/** Forms come after the page that they belong to; the browser fetches them while nobody is waiting. */
const loadAsk = () => import('./ask.tsx');
const LazyAsk = lazy(() => loadAsk().then(({ Ask }) => ({ default: Ask }))) as unknown as typeof AskType;
requestIdleCallback?.(() => void loadAsk());

type ActProps<T> = Omit<AskProps<T>, 'onClose'> & {
  /** The button's text; `title` when absent. */
  readonly label?: string;
  /** Told to screen readers where several buttons have one text. */
  readonly about?: string;
  readonly isMain?: boolean;
  readonly isSmall?: boolean;
  /** The form opens by itself where the page's address ends with it. */
  readonly hash?: string;
};

/** Whether something is open: at once where the page's address names it, and anew whenever it names it again. */
export function useOpening(hash: string | undefined): readonly [boolean, (isOpen: boolean) => void] {
  const named = useRouterState({ select: ({ location }) => location.hash });
  const { history } = useRouter();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (hash === undefined || named !== hash) return;
    setOpen(true);
    // Once: going back, or a second visit by the menu, is no wish to fill the form in.
    const { pathname, search } = history.location;
    history.replace(pathname + search);
  }, [hash, named, history]);
  return [isOpen, setOpen];
}

/** A button that opens the form of one act. */
export function Act<T>({ label, about, isMain = false, isSmall = false, hash, ...ask }: ActProps<T>) {
  const [isOpen, setOpen] = useOpening(hash);
  const text = label ?? ask.title;
  return (
    <>
      <Button
        variant={isMain ? 'filled' : 'default'}
        size={isSmall ? 'compact-xs' : 'xs'}
        onClick={() => setOpen(true)}
        {...(about !== undefined && { 'aria-label': `${text}: ${about}` })}
      >
        {text}
      </Button>
      {isOpen && (
        <Suspense>
          <LazyAsk {...ask} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
