import type { AppOptions } from '../app.ts';
import type { Config } from '../config.ts';

/** How patient this installation is with its providers. */
export function policyOf(config: Config): AppOptions['policy'] {
  return {
    askBaseMs: 1_000,
    askMaxMs: 300_000,
    unknownBudgetMs: config.UNKNOWN_BUDGET_MS,
    acceptedBudgetMs: config.ACCEPTED_BUDGET_MS,
    reviewAskMs: 900_000,
    // A call has to start early enough to end before this, and the lease of its job is longer still.
    sendWithinMs: config.CALL_DEADLINE_MS + 5_000,
  };
}
