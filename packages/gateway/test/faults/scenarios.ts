import { databaseScenarios } from './break-databases.ts';
import { connectionScenarios } from './break-connections.ts';
import { diskScenarios } from './break-disks.ts';
import { processScenarios } from './break-processes.ts';
import { receiverScenarios } from './break-receivers.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [
  ...processScenarios,
  ...databaseScenarios,
  ...connectionScenarios,
  ...diskScenarios,
  ...receiverScenarios,
];
