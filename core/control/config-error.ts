/** A place in the configuration document: `['endpoints', 0, 'url']`. */
export type Path = readonly (string | number)[]

/** Something wrong with the configuration, or unwise about it. */
export interface Problem {
  readonly path: Path
  /** What is wrong and what to do. */
  readonly message: string
  /** The value at that place, shortened; apart from the message, because it may have to be masked. */
  readonly found?: string
  /** A second place that the message is about. */
  readonly other?: Path
  /** Where the document uses what stands at `path`, if that counts in other places only: `use` of an endpoint. */
  readonly usedAt?: Path
}

/** A configuration that can't be loaded. Holds every problem, not only the first. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(
      problems
        .map((p) => `${p.path.join('.')}: ${p.message}${p.found === undefined ? '' : `, found ${p.found}`}`)
        .join('\n'),
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** A configuration from which no chains can be built. */
export class BuildError extends ConfigError {
  /** Files that filters tried to read, by absolute path: a change of one of them may solve the problem. */
  readonly files: readonly string[]

  constructor(problems: readonly Problem[], files: readonly string[]) {
    super(problems)
    this.files = files
  }
}
