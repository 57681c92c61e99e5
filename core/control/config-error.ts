/** A place in the configuration document: `['endpoints', 0, 'url']`. */
export type Path = readonly (string | number)[]

/** Something wrong with, or unwise about, the configuration. */
export interface Problem {
  readonly path: Path
  /** What is wrong and how to mend it. */
  readonly message: string
  /** The value that stands there, short; told apart from the message because it may have to be hidden. */
  readonly found?: string
}

/** A configuration that cannot be loaded. Carries every problem found, not only the first. */
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
