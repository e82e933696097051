import { lazy, Suspense } from 'react';
import type { Bulk, BulkItem, BulkProps } from './bulk.tsx';

const Loaded = lazy(() => import('./bulk.tsx').then((file) => ({ default: file.Bulk }))) as unknown as typeof Bulk;

/** The dialog for many rows; it comes when it is opened. */
export function LazyBulk<Item extends BulkItem>(props: BulkProps<Item>) {
  return (
    <Suspense>
      <Loaded {...props} />
    </Suspense>
  );
}
