export type Delays = {
  /** Ends after `delayMs`, or earlier if `signal` aborts or the delays are closed; says which. */
  wait(delayMs: number, signal: AbortSignal): Promise<'elapsed' | 'stopped'>;
  /** Acts once after `delayMs` unless closed before; never keeps the process alive. False: too many wait already. */
  plan(delayMs: number, act: () => void): boolean;
  /** Ends every wait and drops every plan. */
  close(): void;
};

/** Timers that can all be ended together. At most `plansMax` plans wait at a time. */
export function createDelays({ plansMax }: { readonly plansMax: number }): Delays {
  const plans = new Set<NodeJS.Timeout>();
  const waits = new Set<() => void>();
  let isClosed = false;
  return {
    wait(delayMs, signal) {
      if (isClosed || signal.aborted) return Promise.resolve('stopped');
      if (delayMs <= 0) return Promise.resolve('elapsed');
      return new Promise((resolve) => {
        const end = (how: 'elapsed' | 'stopped') => {
          clearTimeout(timer);
          signal.removeEventListener('abort', stop);
          waits.delete(stop);
          resolve(how);
        };
        const stop = () => end('stopped');
        const timer = setTimeout(end, delayMs, 'elapsed');
        signal.addEventListener('abort', stop);
        waits.add(stop);
      });
    },
    plan(delayMs, act) {
      if (isClosed || plans.size >= plansMax) return false;
      const timer = setTimeout(() => {
        plans.delete(timer);
        act();
      }, delayMs);
      timer.unref();
      plans.add(timer);
      return true;
    },
    close() {
      isClosed = true;
      for (const timer of plans) clearTimeout(timer);
      plans.clear();
      for (const stop of waits) stop();
    },
  };
}
