interface Version {
  /** Numbers without leading zeros; undefined if the version does not begin with a number. */
  readonly release: readonly string[] | undefined
  /** Identifiers of a pre-release; empty for a release. */
  readonly pre: readonly string[]
}

// A date (2024-01-15) is one release, not the pre-release "01-15" of 2024.
const SHAPE = /^v?(\d{4}-\d{2}(?:-\d{2})?(?!\d)|\d+(?:\.\d+)*)(.*)$/is

/**
 * Orders versions as people read them: v10 above v9 above v2, v1.10 above v1.9, dates by date, pre-releases (v2-rc.1, v1beta2)
 * below their release (as in Semantic Versioning §11 and Kubernetes), and a version without a number at its start (`latest`) below
 * one with it. A total order: only equal strings compare as 0.
 */
export function compareVersions(a: string, b: string): number {
  const x = parse(a)
  const y = parse(b)
  return compareReleases(x.release, y.release) || comparePre(x.pre, y.pre) || (a < b ? -1 : a > b ? 1 : 0)
}

/** Whether a version is a release: it begins with a number, and is no pre-release (v2-rc.1, v1beta2). */
export function isRelease(version: string): boolean {
  const { release, pre } = parse(version)
  return release !== undefined && pre.length === 0
}

function parse(version: string): Version {
  const match = SHAPE.exec(version)
  if (match === null) return { release: undefined, pre: identifiers(version) }
  const release = match[1]!.split(/[.-]/).map((digits) => digits.replace(/^0+(?=\d)/, ''))
  return { release, pre: identifiers(match[2]!) }
}

/** Build metadata (after `+`) does not count: Semantic Versioning §10. */
function identifiers(text: string): string[] {
  const metadata = text.indexOf('+')
  const found = (metadata === -1 ? text : text.slice(0, metadata)).match(/\d+|[^\d._-]+/g) ?? []
  return found.map((identifier) => identifier.replace(/^0+(?=\d)/, '').toLowerCase())
}

function compareReleases(a: Version['release'], b: Version['release']): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareDigits(a[i] ?? '0', b[i] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0)
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareIdentifiers(a: string, b: string): number {
  const numeric = /^\d/.test(a)
  if (numeric !== /^\d/.test(b)) return numeric ? -1 : 1
  if (numeric) return compareDigits(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

/** Compares numbers of any length, written without leading zeros. */
function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}
