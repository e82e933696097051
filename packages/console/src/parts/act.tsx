import { Button } from '@mantine/core';
import { useState } from 'react';
import { Ask, type AskProps } from './ask.tsx';

type ActProps<T> = Omit<AskProps<T>, 'onClose'> & {
  /** The button's text; `title` when absent. */
  readonly label?: string;
  /** Told to screen readers where several buttons have one text. */
  readonly about?: string;
  readonly isMain?: boolean;
  readonly isSmall?: boolean;
};

/** A button that opens the form of one act. */
export function Act<T>({ label, about, isMain = false, isSmall = false, ...ask }: ActProps<T>) {
  const [isOpen, setOpen] = useState(false);
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
      {isOpen && <Ask {...ask} onClose={() => setOpen(false)} />}
    </>
  );
}
