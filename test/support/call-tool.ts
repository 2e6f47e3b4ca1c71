import { TestClient } from './client.ts';

export interface ToolCall {
  readonly url: string;
  readonly token: string;
  readonly tool: string;
  readonly args?: Record<string, unknown>;
}

/** Connects, calls one tool, disconnects; gives the text of the answer. */
export async function callTool({ url, token, tool, args }: ToolCall): Promise<string> {
  await using client = await TestClient.connect(url, token);
  return await client.call(tool, args);
}

// As a program, for where a client must run in another network namespace: one call in JSON on stdin.
if (import.meta.main) {
  const { text } = await import('node:stream/consumers');
  process.stdout.write(await callTool(JSON.parse(await text(process.stdin)) as ToolCall));
}
