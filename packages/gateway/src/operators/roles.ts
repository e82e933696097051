// Owns the people who run the gateway: how they prove who they are, what they may do, and the record of what they did.
// Promises that a password and a session's secret are stored as hashes only, and that the record shows any tampering.
// Refuses to know HTTP, and what the actions it records mean.

/** From the least to the most: each role may do everything the ones before it may. */
export const roles = ['viewer', 'operator', 'approver', 'owner'] as const;

export type Role = (typeof roles)[number];

/** `merchant` is beside the others: who has it belongs to one merchant, and reaches nothing of the operators'. */
export type UserRole = Role | 'merchant';

/** Whether somebody of `role` may do what needs `required`. */
export function isAllowed(role: UserRole, required: UserRole): boolean {
  if (role === 'merchant' || required === 'merchant') return role === required;
  return roles.indexOf(role) >= roles.indexOf(required);
}
