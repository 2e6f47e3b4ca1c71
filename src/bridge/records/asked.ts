import { fieldOf } from '../../mcp/body.ts';
import { cut, shapeOf } from './shape.ts';

const nameLength = 128;
const uriLength = 256;

/** The tool, prompt or resource that a request is about; null when it is about none. */
export function targetOf(method: string, params: unknown): string | null {
  if (method.startsWith('resources/')) return uriOf(fieldOf(params, 'uri'));
  if (method === 'completion/complete') {
    const ref = fieldOf(params, 'ref');
    return nameOf(fieldOf(ref, 'name')) ?? uriOf(fieldOf(ref, 'uri'));
  }
  const isNamed = method === 'tools/call' || method === 'prompts/get';
  return isNamed ? nameOf(fieldOf(params, 'name')) : null;
}

/** The shape of a request's arguments; null for methods that have none. */
export function argumentShape(method: string, params: unknown): unknown {
  const isCall = method === 'tools/call' || method === 'prompts/get';
  return isCall ? shapeOf(fieldOf(params, 'arguments')) : null;
}

function nameOf(name: unknown): string | null {
  return typeof name === 'string' ? cut(name, nameLength) : null;
}

/** Without what may hold secrets: user and password, query, fragment, and the content of `data:`. */
function uriOf(uri: unknown): string | null {
  if (typeof uri !== 'string') return null;
  if (/^data:/i.test(uri)) return 'data:';
  const [bare = ''] = uri.split(/[?#]/, 1);
  return cut(bare.replace(/^([a-z][a-z0-9+.-]*:\/*)[^/]*@/i, '$1'), uriLength);
}
