/** A sleep that can be cut short. A call that comes while nobody sleeps makes the next sleep end at once. */
export type Alarm = { sleep(ms: number): Promise<void>; wake(): void };

export function createAlarm(): Alarm {
  let isCalled = false;
  let interrupt: (() => void) | undefined;
  return {
    async sleep(ms) {
      if (!isCalled) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          interrupt = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isCalled = false;
      interrupt = undefined;
    },
    wake() {
      isCalled = true;
      interrupt?.();
    },
  };
}
