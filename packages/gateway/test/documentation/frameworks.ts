/** What a reader's own program has: the frameworks that recipes are written for, as far as they use them. */
export const frameworks = `
declare module 'express' {
  type Handler = (request: { body: Buffer }, response: Answer) => unknown;
  type Answer = { status(code: number): { send(text: string): Answer }; sendStatus(code: number): Answer };
  const express: {
    (): { post(path: string, ...handlers: Handler[]): void };
    raw(options: { type: string }): Handler;
  };
  export default express;
}
declare module 'hono' {
  type Context = { req: { text(): Promise<string> }; text(text: string, status?: number): Response };
  export class Hono {
    post(path: string, handler: (context: Context) => Promise<Response>): void;
  }
}
`;

/** Names that stand for something of the reader's own. */
export const readersOwn = `
declare const publicPem: string;
declare const rawBody: string;
declare const request: { url: string };
declare function remember(notification: import('@vyplata/sdk').Notification): void;
`;
