import { type FileHandle, open } from 'node:fs/promises'
import type { GatewaySpec, Path, Problem } from '../core/spec.ts'
import { readEndpoints } from './endpoints.ts'
import type { Environment } from './environment.ts'
import { isMapping, readShape } from './explain.ts'
import { readListeners } from './listeners.ts'
import { toPlain } from './plain.ts'
import { BROKEN, LocatedConfigError, type PlacedProblem, Problems } from './problems.ts'
import { documentShape } from './schema.ts'
import { readNotices, readSettings, type Settings } from './settings.ts'
import { parseSource, Source } from './source.ts'

export interface LoadedConfig {
  /** For the engine. */
  readonly spec: GatewaySpec
  /** For the process around it. */
  readonly settings: Settings
  /** What is unwise; `source.format` gives each its place. */
  readonly warnings: readonly Problem[]
  readonly source: Source
  /** Plain lines for the log. */
  readonly notices: readonly string[]
}

/** Bytes. */
export const MAX_FILE_SIZE = 10 * 1024 ** 2

/** Reads a configuration file. Throws `LocatedConfigError`, whatever is wrong with the file or what it says. */
export async function loadConfig(file: string, env: Environment = process.env): Promise<LoadedConfig> {
  return parseConfig(await readText(file), { file, env })
}

/** Reads a configuration text. `file` is for messages and as the start of relative paths. Throws `LocatedConfigError`. */
export function parseConfig(text: string, { file, env }: { file: string; env: Environment }): LoadedConfig {
  const source = parseSource(text, file)
  const problems = new Problems(source)
  const raw = toPlain(problems, { env, keepText: isEndpointLabel })
  if (!isMapping(raw)) {
    const found = raw === null ? 'nothing but comments or space' : problems.found([], raw)
    if (raw !== BROKEN) problems.error([], `expected a configuration, such as "listen: 8000"; found ${found}`)
    throw new LocatedConfigError(problems.errors, source)
  }
  const document = readShape(documentShape, raw, [], problems, ['admin', 'filters', 'endpoints'])
  const listeners = readListeners(raw, document, problems)
  const endpoints = readEndpoints(raw.endpoints, listeners.chain, problems)
  const settings = readSettings(file, document, listeners.echo, endpoints.healthPaths, problems)
  if (problems.errors.length > 0) throw new LocatedConfigError(inOrder(problems.errors, source), source)
  return {
    spec: { listeners: listeners.specs, endpoints: endpoints.specs },
    settings,
    warnings: inOrder(problems.warnings, source),
    source,
    notices: readNotices(settings),
  }
}

/** `version: 1.0` means the text, not the number 1. */
function isEndpointLabel(path: Path): boolean {
  return path.length === 3 && path[0] === 'endpoints' && (path[2] === 'version' || path[2] === 'name')
}

function inOrder(problems: readonly PlacedProblem[], source: Source): readonly PlacedProblem[] {
  const placed = problems.map((problem) => ({ problem, at: problem.position ?? source.locate(problem.path) }))
  placed.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.col ?? 0) - (b.at?.col ?? 0))
  return placed.map(({ problem }) => problem)
}

async function readText(file: string): Promise<string> {
  const refuse = (message: string): never => {
    throw new LocatedConfigError([{ path: [], message }], new Source(file))
  }
  let bytes: Buffer
  try {
    const handle = await open(file)
    try {
      if ((await handle.stat()).isDirectory()) return refuse('this is a folder, not a file')
      bytes = await readUpTo(handle, MAX_FILE_SIZE + 1)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof LocatedConfigError) throw error
    return refuse(fileError(error))
  }
  if (bytes.length > MAX_FILE_SIZE) return refuse('the file is larger than 10 MiB')
  if (bytes.length === 0) return refuse('the file is empty')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('the file is not UTF-8 text')
  }
}

/** Not `readFile`: a pipe or a device has no size to check beforehand. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  while (length < limit) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(65536), 0, 65536, null)
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    length += bytesRead
  }
  return Buffer.concat(chunks)
}

function fileError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'there is no such file. weir init writes one to start with'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read the file'
  if (code === 'EISDIR') return 'this is a folder, not a file'
  if (code === 'ENOTDIR') return 'a part of the path is a file, not a folder'
  return `the file can't be read: ${error instanceof Error ? error.message : String(error)}`
}
