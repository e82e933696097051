/**
 * Whether jobs may stand in the queue that nobody has claimed. They go first: while there may be some, new jobs stand
 * in line behind them.
 */
export type Backlog = {
  mayHave(lane: string): boolean;
  /** A job goes to the queue: because its lane has no room, or (no lane) because the hand has none. */
  note(lane?: string): void;
  /** Before a claim; what it answers is called with how the claim went. */
  beginClaim(busyLanes: readonly string[]): (found: 'all_that_was_due' | 'perhaps_more') => void;
};

type Behind = { isWhole: boolean; readonly lanes: Set<string> };

/** Nothing is known before the first claim has found less than it asked for. */
export function createBacklog(): Backlog {
  let behind: Behind = { isWhole: true, lanes: new Set() };
  let noted: Behind = { isWhole: false, lanes: new Set() };

  return {
    mayHave: (lane) => behind.isWhole || behind.lanes.has(lane),
    note(lane) {
      for (const one of [behind, noted]) {
        if (lane === undefined) one.isWhole = true;
        else one.lanes.add(lane);
      }
    },
    beginClaim(busyLanes) {
      // What is queued from here on the claim may not have seen.
      const since: Behind = { isWhole: false, lanes: new Set() };
      noted = since;
      return (found) => {
        if (found === 'perhaps_more') {
          behind.isWhole = true;
          return;
        }
        const passedOver = busyLanes.filter((lane) => behind.lanes.has(lane));
        behind = { isWhole: since.isWhole, lanes: new Set([...since.lanes, ...passedOver]) };
      };
    },
  };
}
