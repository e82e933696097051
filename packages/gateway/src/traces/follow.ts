import { type Collector, type CollectorOptions, openCollector } from './collect.ts';
import { createTrail, type Needs, type Trail } from './trail.ts';

export type TraceOptions = {
  /** Who collects traces, and of which share of the payouts, 0 to 1. */
  readonly traces: (Omit<CollectorOptions, 'onTrouble'> & { readonly share: number }) | undefined;
  /** Whether each step of each payout has a line in the log. */
  readonly areStepsLogged: boolean;
};

type Log = {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
};

/** The trail of this process, if anybody follows it. Throws a sentence when traces are wanted and cannot be sent. */
export async function openTrail(
  needs: TraceOptions & Pick<Needs, 'digest' | 'monotonicMs'> & { readonly log: Log },
): Promise<{ readonly trail: Trail | undefined; readonly collector: Collector | undefined }> {
  const { traces, log, areStepsLogged, digest, monotonicMs } = needs;
  const onTrouble = (error: Error | undefined): void => {
    if (error === undefined) log.info({}, 'traces arrive again');
    else log.warn({ err: error }, 'traces do not arrive and are lost');
  };
  const collector = traces && (await openCollector({ ...traces, onTrouble }));
  const shared = { digest, monotonicMs, collector, share: traces?.share ?? 0 };
  return { collector, trail: createTrail({ ...shared, log: areStepsLogged ? log : undefined }) };
}
