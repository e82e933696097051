import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { CallError } from './calls/call.ts';
import { Toasts } from './parts/toasts.tsx';
import { router } from './router.tsx';
import { SessionGate } from './session.tsx';
import { resolveVariables, theme } from './theme.ts';

const retriesMax = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // A refusal stays one; only what got no answer is asked again.
      retry: (count, error) =>
        count < retriesMax && !(error instanceof CallError && error.status < 500 && error.status > 0),
    },
  },
});

const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
// What locks scrolling behind a dialog finds the nonce of its style under this name only.
Object.assign(globalThis, { __webpack_nonce__: nonce });

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queries}>
        <Toasts>
          <SessionGate>
            <RouterProvider router={router} />
          </SessionGate>
        </Toasts>
      </QueryClientProvider>
    </MantineProvider>
  );
}
