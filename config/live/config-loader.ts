import { resolve } from 'node:path'
import { runAtOnce, runInSlices, TimeSlice } from '../../core/base/time-slice.ts'
import { ConfigError, type Path, type Problem } from '../../core/control/config-error.ts'
import type { ConfigInputs, ConfigSource } from '../../core/control/config-source.ts'
import { ConfigDocument } from '../document/config-document.ts'
import { ConfigFile, type PieceCache, parseFile } from '../document/config-file.ts'
import { type Included, mergeFiles, readPatterns } from '../document/include.ts'
import { LocatedConfigError } from '../document/located-config-error.ts'
import type { PlacedProblem } from '../document/placed-problem.ts'
import type { Environment } from '../document/references.ts'
import { type LoadedConfig, PartialConfigError, Reading, ReadingCache } from '../read/reading.ts'
import { FileConfigSource } from './file-config-source.ts'

export type { LoadedConfig } from '../read/reading.ts'

const MAX_FILES = 1000

/** Checks a configuration that could be read only in part, and returns what else is wrong. Throws a ConfigError if it can't. */
export type Check = (config: PartialConfigError['partial']) => Promise<readonly Problem[]>

/** What loads a configuration for those that run it. */
export type Loads = Pick<ConfigLoader, 'load' | 'uses'>

/** Loads a configuration, as often as needed. What did not change since the last load is not parsed again. */
export class ConfigLoader {
  readonly #source: ConfigSource
  readonly #env: Environment
  readonly #check: Check | undefined
  readonly #cache = new ReadingCache()
  #pieces: PieceCache = new Map()
  #uses: ConfigInputs = { names: [], patterns: [] }
  #texts: ReadonlyMap<string, string> = new Map()

  /** @param check finds the problems that need the filters, so that all problems are reported at once */
  constructor(source: ConfigSource, env: Environment = process.env, check?: Check) {
    this.#source = source
    this.#env = env
    this.#check = check
  }

  /** What the last load read, whether it succeeded or not. */
  get uses(): ConfigInputs {
    return this.#uses
  }

  /**
   * Loads the current files. Throws a `LocatedConfigError` if anything is wrong with them. Long files are read in slices,
   * so that requests go on meanwhile. Only one load may run at a time.
   * @param texts texts of files, by name, to use instead of their current contents
   */
  async load(texts: ReadonlyMap<string, string> = new Map()): Promise<LoadedConfig> {
    const { main } = this.#source
    const slice = new TimeSlice()
    this.#uses = { names: [main], patterns: [] }
    this.#texts = texts
    const first = await this.#parse(main, slice)
    const document = new ConfigDocument(first.file)
    if (first.problems.length > 0) throw new LocatedConfigError(first.problems, document)
    const reading = new Reading(document, main, this.#env, this.#cache)
    const raw = await runInSlices(reading.plain(first.file), slice)
    const patterns = readPatterns(raw, reading.problems)
    const included = await this.#include(patterns, document, reading, slice)
    this.#uses = {
      names: [main, ...included.map(({ file }) => file.name), ...reading.read],
      patterns: patterns.map(({ pattern }) => pattern),
    }
    this.#pieces = new Map(document.files.flatMap(({ items }) => items ?? []).map((piece) => [piece.text, piece]))
    try {
      return await runInSlices(reading.interpret(mergeFiles(raw, included, document, reading.problems)), slice)
    } catch (error) {
      throw error instanceof PartialConfigError ? error.and(await this.#more(error.partial)) : error
    }
  }

  async #more(partial: PartialConfigError['partial']): Promise<readonly Problem[]> {
    try {
      return (await this.#check?.(partial)) ?? []
    } catch (error) {
      if (error instanceof ConfigError) return error.problems
      throw error
    }
  }

  async #parse(name: string, slice: TimeSlice): Promise<{ file: ConfigFile; problems: readonly PlacedProblem[] }> {
    try {
      const text = this.#texts.get(name) ?? decodeText(await this.#source.read(name))
      // An included file without endpoints is a usual thing, a main file without anything a mistake.
      if (text === '' && name === this.#source.main) throw new ConfigError([{ path: [], message: 'the file is empty' }])
      return await runInSlices(parseFile(text, name, this.#pieces), slice)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return { file: new ConfigFile(name), problems: error.problems }
    }
  }

  async #include(
    patterns: ReturnType<typeof readPatterns>,
    document: ConfigDocument,
    reading: Reading,
    slice: TimeSlice,
  ): Promise<Included[]> {
    const included: Included[] = []
    // A file can have several names.
    const known = new Set([resolve(document.main.name)])
    for (const { pattern, at } of patterns) {
      for (const name of await this.#expand(pattern, at, reading)) {
        if (known.has(resolve(name))) continue
        if (known.size === MAX_FILES) {
          reading.problems.error(at, `more than ${MAX_FILES} files: include fewer`)
          return included
        }
        known.add(resolve(name))
        const parsed = await this.#parse(name, slice)
        document.add(parsed.file)
        for (const { path, message, position } of parsed.problems)
          reading.problems.error(path, message, { file: name, ...position })
        const raw = parsed.problems.length > 0 ? undefined : await runInSlices(reading.plain(parsed.file), slice)
        included.push({ file: parsed.file, raw })
      }
    }
    return included
  }

  async #expand(pattern: string, at: Path, { problems }: Reading): Promise<readonly string[]> {
    try {
      return await this.#source.expand(pattern)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const { message } of error.problems) problems.error(at, message)
      return []
    }
  }
}

/** Loads a configuration file once. */
export function loadConfig(file: string, env: Environment = process.env, check?: Check): Promise<LoadedConfig> {
  return new ConfigLoader(new FileConfigSource(file), env, check).load()
}

/** Loads a configuration from a text without includes. `file` is its name in messages, and the start of relative paths. */
export function parseConfig(text: string, { file, env }: { file: string; env: Environment }): LoadedConfig {
  const { file: parsed, problems } = runAtOnce(parseFile(text, file))
  const document = new ConfigDocument(parsed)
  if (problems.length > 0) throw new LocatedConfigError(problems, document)
  const reading = new Reading(document, file, env)
  return runAtOnce(reading.interpret(runAtOnce(reading.plain(parsed))))
}

/** The text of a file. Throws a ConfigError if the file is not UTF-8. */
export function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigError([{ path: [], message: 'the file is not UTF-8 text' }])
  }
}
