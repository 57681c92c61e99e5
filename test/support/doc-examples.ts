// The examples in the comments of core/index.ts, as one TypeScript file that tsc can check.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Declaration, tsc } from './public-api.ts'

/** Examples of a declaration: fenced blocks and what follows `@example` on its line. */
export function examplesOf({ doc = '', text }: Declaration): string[] {
  const comments = [doc, ...(text.match(/\/\*\*[\s\S]*?\*\//g) ?? [])]
  const lines = comments.join('\n').replaceAll(/^\s*(?:\/\*\*|\*\/|\*) ?/gm, '')
  return Array.from(
    lines.matchAll(/^```ts\n([\s\S]*?)^```|^@example (.*)$/gm),
    ([, fenced, line]) => fenced ?? `${line}\n`,
  )
}

/** What examples use without declaring it. */
const CONTEXT = `
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { createGzip } from 'node:zlib'
import * as z from 'zod'
import * as weir from '../../core/index.ts'
declare const [x, env, next, call]: [weir.ExchangeWithResponse, weir.FilterEnv & { endpoint: weir.Endpoint }, weir.Next, weir.UpstreamCall]
declare const [endpoint, registry, store]: [weir.Endpoint, weir.EndpointRegistry, weir.ResponseStore]
declare const [status, control]: [weir.GatewayStatus, weir.EndpointControl]
declare const [tenant, version, path, template, key, plan, date, url]: [string, string, string, string, string, string, string, string]
declare const [body, socket, controller, error]: [weir.Body, Socket, AbortController, unknown]
declare const [blocked, plans, seconds]: [Set<string>, string[], number]
declare const apiKey: { owner: string }
declare let failures: number
declare const [bytes, limit]: [number, number]
declare const options: { failures: weir.StatusPattern[] }
declare const lookUp: (tenant: string) => Promise<void>
declare const tooManyFailures: (target: weir.TargetState | undefined) => boolean
declare const alert: (endpoint: string) => void
declare const mark: (result: weir.Response | weir.LocalReply) => weir.Response | weir.LocalReply
declare const create: weir.FilterFactory['create']
declare class TenantFilter implements weir.Filter {
  constructor(...parts: unknown[])
  request(): void
}
interface Tenants extends weir.Service {}
interface Window {}
declare const TenantSlot: weir.Slot<string>
declare const counter: weir.Counter<'tenant'>
declare const requests: weir.Counter<'method'>
`

/**
 * Type-checks examples.
 * @param names what core/index.ts exports
 * @throws Error with what tsc says
 */
export function checkExamples(examples: ReadonlyMap<string, readonly string[]>, names: Iterable<string>): void {
  const parent = resolve(import.meta.dirname, '../../.tap')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'examples-'))
  try {
    const imports = `import { ${[...names].join(', ')} } from '../../core/index.ts'\n`
    const blocks = Array.from(examples, ([name, list]) => list.map((example) => blockOf(name, example))).flat()
    writeFileSync(join(folder, 'examples.ts'), [imports, CONTEXT, ...blocks].join('\n'))
    tsc(['--noEmit', '--verbatimModuleSyntax', 'false', join(folder, 'examples.ts')])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An example in a scope of its own. Methods become those of a filter or of a factory. */
function blockOf(name: string, example: string): string {
  const code = example.replaceAll(/^export default /gm, 'void ').replaceAll(/^export /gm, '')
  const method = /^(?:async )?(\w+)\([\w, {}]*\) \{\n/.exec(code)?.[1]
  const statements =
    method === undefined || method === 'if'
      ? code
      : `const part: Partial<${method === 'create' ? 'FilterFactory' : 'TerminalFilter'}> = {\n${code}}\n`
  return `// ${name}\nvoid async function (): Promise<unknown> {\n${statements}return\n}\n`
}
