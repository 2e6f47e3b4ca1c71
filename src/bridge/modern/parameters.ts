import type { IncomingHttpHeaders } from 'node:http';
import { fieldOf, parseJson } from '../../mcp/body.ts';
import { decodeHeader } from '../../mcp/modern.ts';

/** A parameter of a tool that a header repeats. */
interface Mirrored {
  /** As `node:http` gives it: `mcp-param-region`. */
  readonly header: string;
  /** The names that lead to it in the arguments. */
  readonly path: readonly string[];
  readonly isNumber: boolean;
}

type Tools = ReadonlyMap<string, readonly Mirrored[]>;

const pagesAtMost = 32;
const deepestPath = 64;

/**
 * Which parameters of its tools a server wants repeated in headers. It says so in the list of its tools,
 * so that is asked for once, and again after the list has changed.
 */
export class Parameters {
  readonly #list: (cursor: string | undefined) => Promise<Buffer>;
  #tools: Promise<Tools> | undefined;

  /** `list` gives the response to `tools/list`. */
  constructor(list: (cursor: string | undefined) => Promise<Buffer>) {
    this.#list = list;
  }

  /** The list has changed. */
  forget(): void {
    this.#tools = undefined;
  }

  /** The first header of a call that is missing, or is not what the arguments say. */
  async mismatch(headers: IncomingHttpHeaders, params: unknown): Promise<string | undefined> {
    this.#tools ??= this.#read();
    const name = fieldOf(params, 'name');
    const tools = await this.#tools;
    const mirrored = (typeof name === 'string' ? tools.get(name) : undefined) ?? [];
    const values = fieldOf(params, 'arguments');
    return mirrored.find((one) => !isRepeated(one, values, headers))?.header;
  }

  async #read(): Promise<Tools> {
    const tools = new Map<string, readonly Mirrored[]>();
    let cursor: string | undefined;
    for (let page = 0; page < pagesAtMost; page += 1) {
      const result = fieldOf(parseJson(await this.#list(cursor)), 'result');
      const listed = fieldOf(result, 'tools');
      for (const tool of Array.isArray(listed) ? listed : []) {
        const name = fieldOf(tool, 'name');
        const found = findMirrored(fieldOf(tool, 'inputSchema'), []);
        if (found.length > 0 && typeof name === 'string') tools.set(name, found);
      }
      const next = fieldOf(result, 'nextCursor');
      if (typeof next !== 'string') break;
      cursor = next;
    }
    return tools;
  }
}

/** Only what is reached by names alone may be annotated. No schema that somebody wrote is deeper than the bound. */
function findMirrored(schema: unknown, path: readonly string[]): Mirrored[] {
  if (path.length > deepestPath) return [];
  const name = fieldOf(schema, 'x-mcp-header');
  const type = fieldOf(schema, 'type');
  const own = { path, isNumber: type === 'integer' || type === 'number' };
  const properties = fieldOf(schema, 'properties');
  const below = typeof properties === 'object' && properties !== null ? properties : {};
  return [
    ...(typeof name === 'string' && path.length > 0
      ? [{ ...own, header: `mcp-param-${name.toLowerCase()}` }]
      : []),
    ...Object.entries(below).flatMap(([key, child]) => findMirrored(child, [...path, key])),
  ];
}

function isRepeated(
  { header, path, isNumber }: Mirrored,
  values: unknown,
  headers: IncomingHttpHeaders,
): boolean {
  let value: unknown = values;
  for (const name of path) value = fieldOf(value, name);
  if (!['string', 'number', 'boolean'].includes(typeof value)) return true;
  const sent = headers[header];
  const decoded = typeof sent === 'string' ? decodeHeader(sent) : undefined;
  if (decoded === undefined) return false;
  return decoded === String(value) || (isNumber && isDecimal(decoded) && Number(decoded) === value);
}

function isDecimal(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}
