import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';

const shownMs = 6_000;

type Toast = { readonly key: number; readonly text: string };
type Say = (text: string) => void;

const Voice = createContext<Say>(() => undefined);

/** What was done is said in words in a corner, and to screen readers. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const say = useCallback((text: string) => {
    const key = performance.now();
    setToasts((before) => [...before, { key, text }]);
    setTimeout(() => setToasts((before) => before.filter((toast) => toast.key !== key)), shownMs);
  }, []);
  const list = useMemo(() => toasts.map(({ key, text }) => <div key={key}>{text}</div>), [toasts]);
  return (
    <Voice value={say}>
      {children}
      <div className="toasts" role="status">
        {list}
      </div>
    </Voice>
  );
}

export function useSay(): Say {
  return useContext(Voice);
}
