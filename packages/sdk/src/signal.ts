// Owns how two reasons to stop become one signal.
// Promises the same on Node 18, which has no `AbortSignal.any`.
// Refuses to know what is stopped.

/** A signal that fires when the first of the two does; `reason` is that of whichever fired. */
export function eitherSignal(deadline: AbortSignal, caller: AbortSignal | undefined): AbortSignal {
  if (caller === undefined) return deadline;
  if ('any' in AbortSignal) return AbortSignal.any([deadline, caller]);
  return joinSignals([deadline, caller]);
}

/** What `AbortSignal.any` does. The listeners stay until the deadline fires, which it always does. */
export function joinSignals(signals: readonly AbortSignal[]): AbortSignal {
  const joined = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) joined.abort(signal.reason);
    const stop = () => joined.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true, signal: joined.signal });
  }
  return joined.signal;
}
