/** What is handed over: whoever opens it chooses the password. After `#` no server sees it. */
export function invitationLink(secret: string): string {
  return `${location.origin}/cabinet/#invitation=${secret}`;
}
