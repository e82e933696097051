import { useEffect, useRef } from 'react';

const switchKey = 'vyplata.keys';
const secondKeyMs = 1_200;

/** Single keys can be switched off: speech input and screen readers may send them by themselves (WCAG 2.1.4). */
export function areKeysOn(): boolean {
  return localStorage.getItem(switchKey) !== 'off';
}

export function switchKeys(on: boolean): void {
  localStorage.setItem(switchKey, on ? 'on' : 'off');
}

type Keys = { readonly onCommand: () => void; readonly onKey: (keys: string) => void };

/** Tells of Ctrl-K anywhere, and of single keys and pairs that begin with `g` where nothing is being typed. */
export function useKeyboard({ onCommand, onKey }: Keys): void {
  const first = useRef({ key: '', at: 0 });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.code === 'KeyK') {
        event.preventDefault();
        onCommand();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || !areKeysOn() || isTyping(event.target)) return;
      const isSecond = first.current.key === 'g' && event.timeStamp - first.current.at < secondKeyMs;
      // Letters by their place, so that they work with a Russian layout too.
      const letter = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase();
      const key = event.key === '?' || event.key === '/' ? event.key : (letter ?? '');
      first.current = { key, at: event.timeStamp };
      if (key === '' || (key === 'g' && !isSecond)) return;
      if (key === '/') event.preventDefault();
      onKey(isSecond ? `g${key}` : key);
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [onCommand, onKey]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [role="dialog"]') !== null;
}
