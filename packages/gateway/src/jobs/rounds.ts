/** Something that is done again and again, beside the work. */
export type Rounds = {
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
};

type Options = {
  /** One round; answers whether there is more to do at once. */
  readonly run: () => Promise<boolean>;
  /** The wait after a round that found nothing more; 0: never begin. */
  readonly everyMs: number;
  /** The wait after a round that found more to do. */
  readonly moreAfterMs?: number;
  /** Rounds that would be in each other's way begin at different times. */
  readonly firstAfterMs?: number;
  readonly onError: (error: unknown) => void;
};

/** A short wait, so that a round which goes on and on leaves the connections to the work. */
const soonMs = 20;
const usualFirstAfterMs = 1_000;

/** Begins soon after the start. A round that fails is followed by the next one in its time. */
export function startRounds(options: Options): Rounds {
  const { run, everyMs, moreAfterMs = soonMs, firstAfterMs = usualFirstAfterMs, onError } = options;
  let isStopped = false;
  let running: Promise<unknown> = Promise.resolve();
  let timer = everyMs === 0 ? undefined : setTimeout(turn, Math.min(firstAfterMs, everyMs));

  function turn(): void {
    running = run()
      .catch((error: unknown) => {
        onError(error);
        return false;
      })
      .then((hasMore) => {
        if (!isStopped) timer = setTimeout(turn, hasMore ? moreAfterMs : everyMs);
      });
  }

  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
