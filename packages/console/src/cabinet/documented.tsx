import { Navigate } from '@tanstack/react-router';

/** Addresses that the published documentation names. */
export function DocumentedKeysPage() {
  return <Navigate to="/keys" replace />;
}

export function DocumentedAccountsPage() {
  return <Navigate to="/accounts" replace />;
}
