/** The caller's item together with the two ways to end its wait. */
type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
};

export type BatchOptions<Item, Result> = {
  /** Does the whole group in one round trip; answers one result per item, in the items' order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly itemsMax: number;
  /** How many groups may be under way at once. */
  readonly groupsMax: number;
  /** How many items may wait; one more is refused with `overloaded`. */
  readonly waitingMax: number;
  /** The error for an item that finds the queue full. */
  readonly overloaded: () => Error;
  /**
   * Whether a failed group may be run again item by item: only if the failure certainly left nothing behind.
   * One poisoned item then fails alone.
   */
  readonly isRetrySafe: (error: unknown) => boolean;
  /** For whoever measures: a group has ended, well or not. */
  readonly onGroup?: OnGroup | undefined;
};

/** How large a group was and how long its round trip took. */
export type OnGroup = (group: { readonly items: number; readonly seconds: number }) => void;

export type Batch<Item, Result> = {
  /** Waits for this item's own result; the group is never seen. */
  add(item: Item): Promise<Result>;
  waiting(): number;
  /** Resolves when everything that was added has ended. */
  drain(): Promise<void>;
};

/**
 * Group commit: whatever arrives while a group is under way forms the next one. A lone item on an idle system goes at
 * once, so batching costs no latency; under load the groups grow by themselves.
 */
export function createBatch<Item, Result>(options: BatchOptions<Item, Result>): Batch<Item, Result> {
  const queue: Waiting<Item, Result>[] = [];
  let groupsOpen = 0;
  let isScheduled = false;
  let idle: (() => void)[] = [];

  function schedule(): void {
    if (isScheduled || groupsOpen >= options.groupsMax || queue.length === 0) return;
    isScheduled = true;
    // One turn of the event loop: requests that were read from their sockets together travel together.
    setImmediate(() => {
      isScheduled = false;
      if (groupsOpen < options.groupsMax && queue.length > 0) void runGroup(queue.splice(0, options.itemsMax));
      schedule();
    });
  }

  async function runGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    groupsOpen += 1;
    const startedMs = options.onGroup === undefined ? 0 : performance.now();
    try {
      await settleGroup(options, group);
    } finally {
      groupsOpen -= 1;
      options.onGroup?.({ items: group.length, seconds: (performance.now() - startedMs) / 1_000 });
      schedule();
      if (groupsOpen === 0 && queue.length === 0) {
        for (const wake of idle) wake();
        idle = [];
      }
    }
  }

  return {
    add(item) {
      if (queue.length >= options.waitingMax) return Promise.reject(options.overloaded());
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        schedule();
      });
    },
    waiting: () => queue.length,
    drain() {
      if (groupsOpen === 0 && queue.length === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
  };
}

async function settleGroup<Item, Result>(
  options: BatchOptions<Item, Result>,
  group: readonly Waiting<Item, Result>[],
): Promise<void> {
  try {
    const results = await options.run(group.map((waiting) => waiting.item));
    if (results.length !== group.length) throw new Error('a batch answered another number of items than it was given');
    group.forEach((waiting, at) => waiting.resolve(results[at] as Result));
  } catch (error) {
    if (group.length === 1 || !options.isRetrySafe(error)) {
      for (const waiting of group) waiting.reject(error);
      return;
    }
    for (const waiting of group) await settleGroup(options, [waiting]);
  }
}
