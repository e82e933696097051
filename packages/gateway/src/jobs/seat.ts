/**
 * A place in a worker's hand for a job that is about to be queued by the same process: its row names an owner from the
 * start, so nobody has to claim it. If the process dies the lease ends, and another worker claims it like any other.
 */
export type Seat<Known> = {
  /** For the job's row, from the moment when it is written. */
  readonly leaseMs: number;
  /** The job was committed with this lease and `firstFence`: it is done now, with what is known of its subject. */
  take(subject: Subject, known: Known): void;
  /** It was not queued, or nobody knows whether it was. */
  leave(): void;
};

export type Subject = { readonly merchantId: bigint; readonly subjectId: bigint };

/** undefined: no room, or other jobs wait longer; the job is queued for whoever claims it. */
export type Reserve<Known> = (lane: string) => Seat<Known> | undefined;

/** The fence of a job that is queued with its owner. */
export const firstFence = 1;
